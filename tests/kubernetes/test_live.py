"""What is told of the cluster, in whatever order, adds up to what is there."""

from typing import cast

from orchestrator.runtimes.kubernetes import labels
from orchestrator.runtimes.kubernetes.api import Api
from orchestrator.runtimes.kubernetes.kinds import DEPLOYMENT, SERVICE, Object, key_of
from orchestrator.runtimes.kubernetes.live import Live


def service(name: str, version: int, environment: str = "bugfix") -> Object:
    marks = labels.identity("anabranch", environment, name)
    metadata = {"name": name, "namespace": "bugfix", "resourceVersion": str(version), "labels": marks}
    return {"kind": "Service", "metadata": metadata, "spec": {}}


def watched() -> tuple[Live, list[tuple[str, str]]]:
    moved = list[tuple[str, str]]()
    return Live(cast(Api, None), "anabranch", lambda *scope: moved.append(scope)), moved


def test_word_that_is_older_than_what_is_known_changes_nothing() -> None:
    live, moved = watched()
    live.changed(service("app", 5), gone=False)
    live.changed(service("app", 3), gone=False)
    live.changed(service("app", 4), gone=True)
    assert live.get(key_of(service("app", 5))) == service("app", 5)
    assert moved == [("bugfix", "app")]
    live.changed(service("app", 6), gone=True)
    assert live.of("bugfix", "app") == ()


def test_what_a_new_watch_does_not_find_is_gone_unless_it_is_younger() -> None:
    live, moved = watched()
    for name, version in (("kept", 1), ("lost", 2), ("young", 9)):
        live.changed(service(name, version), gone=False)
    moved.clear()
    live.told_all(SERVICE, {key_of(service("kept", 1))}, 5)
    assert [len(live.of("bugfix", name)) for name in ("kept", "lost", "young")] == [1, 0, 1]
    assert moved == [("bugfix", "lost")]


def test_an_object_whose_labels_are_moved_is_told_of_to_both_sides() -> None:
    live, moved = watched()
    live.changed(service("app", 1), gone=False)
    moved.clear()
    live.changed(service("app", 2, "elsewhere"), gone=False)
    assert set(moved) == {("bugfix", "app"), ("elsewhere", "app")}
    assert live.of("bugfix", "app") == ()


def test_word_that_says_nothing_new_moves_nothing_but_its_version_is_known() -> None:
    live, moved = watched()
    live.changed(service("app", 1), gone=False)
    moved.clear()
    live.changed({**service("app", 2), "status": {"loadBalancer": {}}}, gone=False)
    assert moved == []
    assert live.get(key_of(service("app", 2))) == service("app", 2)
    live.changed({**service("app", 3), "spec": {"type": "ClusterIP"}}, gone=False)
    assert moved == [("bugfix", "app")]


def test_the_status_of_a_deployment_is_news() -> None:
    live, moved = watched()
    for version in (1, 2):
        deployment = {**service("app", version), "kind": DEPLOYMENT.name, "status": {"readyReplicas": version}}
        live.changed(deployment, gone=False)
    assert moved == [("bugfix", "app")] * 2
