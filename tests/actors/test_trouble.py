"""Hostile branches, lost actors, a store or runtime in trouble: who is concerned, and who is not."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import pytest
from thespian.actors import ActorAddress, ActorExitRequest

from actors.deployment import DeploymentActor
from actors.gateway import ActorGateway
from actors.machine_room import picture
from actors.messages import Sync
from actors.orchestrator import OrchestratorActor
from orchestrator.adapters.store import Store
from orchestrator.domain import score
from orchestrator.domain.snapshot import Synced
from orchestrator.errors import Conflict, NotFound, Permanent, Temporary

HOSTILE = (b"\xff\xfe", "nul\u202eltr".encode(), b"-rf", b"refs", b"HEAD", b"a" * 200, b"$(id)", "zażółć".encode())

on_the_engine = pytest.mark.parametrize("base", ["engine"], indirect=True)


def test_hostile_branches_and_files_at_the_start_do_not_delay_the_others(build, score_file):
    world = build("app")
    remote = world.remotes["app"]
    remote.commit("poison-bomb", {"score.yaml": "a: &a [x]\nb: " + "[" * 20_000})
    remote.commit("poison-bytes", {"score.yaml": b"\xff\x00\xfe"})
    remote.commit("poison-path", {"\udcffx/score.yaml".encode("utf-8", "surrogateescape"): score_file("app")})
    for name in HOSTILE:
        remote.commit(name, {"score.yaml": score_file("app", variables={"N": "${metadata.name}"})})
    remote.commit("bugfix", {"score.yaml": score_file("app")})
    world.settings = world.settings.model_copy(
        update={"repositories": tuple(r.model_copy(update={"score": SCORES}) for r in world.settings.repositories)}
    )
    world.start()
    world.until_ready("bugfix", "app", 1)
    for name in HOSTILE:
        branch = name.decode("utf-8", "surrogateescape")
        world.until(lambda b=branch: world.environment(b).services[0].status == "Ready", f"{name!r} runs on its own")
    world.until_ready("poison-path", "app", 1)
    for branch in ("poison-bomb", "poison-bytes"):
        line = f"app@{branch} score.yaml"
        world.until(lambda b=branch, w=line: world.environment(b).problems[0].startswith(w), f"{branch} is told of")


SCORES = ("score.yaml", "*/score.yaml")


def test_a_head_that_brings_the_reader_down_spoils_nothing_but_itself(alone, score_file, monkeypatch):
    load = score.load

    def fail(data, **where):
        if b"metadata: {name: poison}" in data:
            raise RecursionError("deeper than anybody thought")
        return load(data, **where)

    monkeypatch.setattr(score, "load", fail)
    alone.remotes["app"].commit("a-poison", {"score.yaml": score_file("poison")})
    alone.push("app", "bugfix", score_file("app"))
    alone.until_ready("bugfix", "app", 1)
    line = "app@a-poison: cannot be read (RecursionError); see the daemon's log"
    alone.until(lambda: alone.environment("a-poison").problems == (line,), "it is told")


def test_a_head_that_cannot_be_read_for_a_while_is_read_later_and_delays_no_other(alone, score_file, monkeypatch):
    read, failures = alone.mirrors["app"].read_head, []

    def fail(commit, globs):
        if commit == poison and len(failures) < 2:
            failures.append(commit)
            raise Temporary("app: no answer")
        return read(commit, globs)

    poison = alone.remotes["app"].commit("a-poison", {"score.yaml": score_file("app")})
    monkeypatch.setattr(alone.mirrors["app"], "read_head", fail)
    alone.push("app", "bugfix", score_file("app"))
    alone.until_ready("bugfix", "app", 1)
    alone.until_ready("a-poison", "app", 1)
    assert len(failures) == 2


@on_the_engine
def test_hints_that_come_while_git_is_read_lead_to_exactly_one_more_look(build, monkeypatch):
    """On the other base nothing comes in while a handler runs; the root's own second look is an hour away."""
    world = build("app", "web", removal_grace=3600)
    world.start()
    world.until(lambda: len(world.environment("main").looked_at) == 2, "every repository was read")
    world.until_read("app")
    mirror, before = world.mirrors["app"], world.mirrors["app"].looks
    heads, told = mirror.heads, []

    def slow():
        if not told:
            told.append(True)
            for _ in range(20):
                world.hint("app", "main")
            world.until(
                lambda: waiting(world, "repository app") >= 20,
                "the hints have come in",
            )
        return heads()

    monkeypatch.setattr(mirror, "heads", slow)
    world.hint("app", "main")
    world.until(lambda: mirror.looks == before + 2, "the second look")
    for _ in range(2):
        world.approve("web")
        world.edit("main", "nobody", COLOUR="x")
    world.until(lambda: waiting(world, "repository app") == 0, "every hint was read")
    assert mirror.looks == before + 2


def waiting(world, name):
    """Count the messages that wait for an actor of our engine."""
    return next(a.waiting for a in picture(world.system, world.roster, 0.0) if a.name == name)


def test_hints_for_repositories_that_nobody_knows_are_dropped(alone, score_file):
    alone.hint("nobody", "main")
    alone.push("app", "bugfix", score_file("app"))
    alone.until_ready("bugfix", "app", 1)


LOST = ("service bugfix:web", "service bugfix:app", "deployment bugfix:app@v1", "branch bugfix", "repository app")


@pytest.mark.parametrize("name", LOST)
def test_a_lost_actor_is_made_again_and_knows_what_it_has_to_know(world, score_file, name):
    world.push("app", "bugfix", score_file("app"))
    world.push("web", "bugfix", score_file("web", needs=("app",)))
    world.push("app", "gone", score_file("app"))
    for environment, service in (("bugfix", "app"), ("bugfix", "web"), ("gone", "app")):
        world.until_ready(environment, service, 1)
    lost = address(world, name)
    lose(world, lost)
    world.remotes["app"].delete("gone")
    world.until(lambda: is_elsewhere(world, name, lost), f"{name} is there again")
    world.until(lambda: [n.restarts for n in world.roster.read().values() if n.name == name] == [1], "it is counted")
    world.push("app", "bugfix", score_file("app", variables={"COLOUR": "blue"}))
    world.until_ready("bugfix", "app", 2)
    assert world.leads_to("bugfix", "app") == ("bugfix", "app", 2)
    world.until(lambda: world.service("bugfix", "app").needed_by == ("bugfix:web",), "web relies on it again")
    world.hint("app", "gone", deleted=True)
    world.until(lambda: world.environment("gone") is None, "what went meanwhile is gone")
    world.edit("bugfix", "web", COLOUR="green")
    world.until_ready("bugfix", "web", 2)


BUGS = {"deployment": "apply", "service": "refuse", "branch": "ensure_environment"}


def break_twice(world, monkeypatch, method):
    """Let the runtime raise what nobody foresaw, twice."""
    original, failures = getattr(world.runtime, method), []

    def fail(*arguments):
        if len(failures) < 2:
            failures.append(arguments)
            raise KeyError("nobody foresaw this")
        return original(*arguments)

    monkeypatch.setattr(world.runtime, method, fail)
    return failures


@pytest.mark.parametrize("kind", BUGS)
def test_an_actor_that_meets_what_nobody_foresaw_goes_on_and_finishes_its_work(
    alone, base, score_file, monkeypatch, kind
):
    alone.push("app", "other", score_file("app"))
    alone.until_ready("other", "app", 1)
    failures = break_twice(alone, monkeypatch, BUGS[kind])
    alone.push("app", "bugfix", score_file("app"))
    alone.until_ready("bugfix", "app", 1)
    assert len(failures) == 2
    if base == "engine":
        assert restarts(alone, kind) == 2
    alone.push("app", "bugfix", score_file("app", variables={"COLOUR": "blue"}))
    alone.until_ready("bugfix", "app", 2)
    alone.until_ready("other", "app", 1)


def test_a_repository_that_meets_what_nobody_foresaw_reads_on_and_lets_go_what_went_meanwhile(
    alone, score_file, monkeypatch
):
    alone.push("app", "bugfix", score_file("app"))
    alone.push("app", "gone", score_file("app"))
    alone.until_ready("gone", "app", 1)
    alone.until_ready("bugfix", "app", 1)
    mirror, failures = alone.mirrors["app"], []
    heads = mirror.heads

    def fail():
        if len(failures) < 2:
            failures.append(True)
            raise KeyError("nobody foresaw this")
        return heads()

    monkeypatch.setattr(mirror, "heads", fail)
    alone.remotes["app"].delete("gone")
    alone.push("app", "bugfix", score_file("app", variables={"COLOUR": "blue"}))
    alone.until_ready("bugfix", "app", 2)
    alone.hint("app", "gone", deleted=True)
    alone.until(lambda: alone.environment("gone") is None, "what went meanwhile is gone")
    assert len(failures) == 2


@on_the_engine
def test_a_root_that_meets_what_nobody_foresaw_begins_anew_with_everything_below(world, score_file, monkeypatch):
    """The other base starts nothing anew."""
    world.push("app", "bugfix", score_file("app"))
    world.push("web", "bugfix", score_file("web", needs=("app",)))
    world.until_ready("bugfix", "web", 1)
    routed = world.root
    monkeypatch.setattr(OrchestratorActor, "receiveMsg_RefHint", lambda *_: {}["nobody foresaw this"])
    world.hint("app", "main")
    world.until(lambda: restarts(world, "orchestrator") == 1, "the root began anew")
    monkeypatch.undo()
    world.push("app", "bugfix", score_file("app", variables={"COLOUR": "blue"}))
    world.until_ready("bugfix", "app", 2)
    world.until_ready("bugfix", "web", 1)
    world.until(lambda: world.service("bugfix", "app").needed_by == ("bugfix:web",), "web relies on app again")
    assert world.root is routed


@on_the_engine
def test_a_deployment_that_never_works_takes_its_service_along_but_no_other(alone, score_file, monkeypatch):
    """The other base escalates nothing."""
    original = alone.runtime.apply
    rules = replace(DeploymentActor.supervision, backoff=(0.001, 0.001))
    monkeypatch.setattr(DeploymentActor, "supervision", rules)

    def fail(release):
        if release.environment == "bugfix":
            raise KeyError("nobody foresaw this")
        original(release)

    monkeypatch.setattr(alone.runtime, "apply", fail)
    alone.push("app", "bugfix", score_file("app"))
    alone.until(lambda: restarts(alone, "service bugfix:app") >= 1, "the failures are the service's own")
    failure = next(a.last_failure for a in machine_room(alone) if a.name == "service bugfix:app")
    assert failure.startswith(
        "FailedTooOften: DeploymentActor failed more than 5 times within 30s; the last time: KeyE"
    )
    alone.push("app", "other", score_file("app"))
    alone.until_ready("other", "app", 1)
    assert restarts(alone, "branch bugfix") == 0
    monkeypatch.setattr(alone.runtime, "apply", original)
    alone.until_ready("bugfix", "app", 1)


def restarts(world, name):
    """Count how often actors of our engine began anew whose names begin so."""
    return sum(a.restarts for a in machine_room(world) if a.name.startswith(name))


def machine_room(world):
    return picture(world.system, world.roster, 0.0)


def address(world, name):
    return next(ActorAddress(a) for a, note in world.roster.read().items() if note.name == name)


def is_elsewhere(world, name, lost):
    """Tell whether an actor of this name is at another address than the lost one."""
    return any(note.name == name and a != lost.actorAddressString for a, note in world.roster.read().items())


def lose(world, lost):
    """Let an actor end as if it had died: its parent did not ask for it."""
    world.system.tell(lost, ActorExitRequest())
    world.turn()


def test_a_serving_deployment_that_is_lost_does_not_take_a_newer_release_back(alone, score_file):
    alone.push("app", "bugfix", score_file("app"))
    alone.until_ready("bugfix", "app", 1)
    alone.push("app", "bugfix", score_file("app", command="never-ready"))
    alone.until(lambda: alone.service("bugfix", "app").pending, "v2 starts")
    name = "deployment bugfix:app@v1"
    lost = address(alone, name)
    lose(alone, lost)
    alone.until(lambda: is_elsewhere(alone, name, lost), "it is there again")
    alone.become("bugfix", "app", 2, "Ready")
    alone.until_ready("bugfix", "app", 2)


def test_a_store_that_does_not_write_delays_a_release_and_loses_none(alone, score_file, monkeypatch):
    alone.push("app", "bugfix", score_file("app"))
    alone.until_ready("bugfix", "app", 1)
    record, refused = alone.store.record, []

    def fail(rows, reply_to=None, reply=None, failed=None):
        if failed is not None and len(refused) < 2:
            refused.append(rows)
            alone.deliver(reply_to, failed)
        else:
            record(rows, reply_to, reply, failed)

    monkeypatch.setattr(alone.store, "record", fail)
    answer = alone.edit("bugfix", "app", COLOUR="green")
    assert (answer.kind, answer.text) == ("Temporary", "the store did not write")
    alone.until_ready("bugfix", "app", 2)
    assert len(refused) == 2
    assert alone.value("bugfix", "app", "COLOUR") == "green"
    assert [o.text for o in alone.store.load("bugfix", "app").overrides] == ["green"]


def test_a_store_that_cannot_be_read_at_first_is_asked_again_before_anything_starts(alone, score_file, monkeypatch):
    load, refused = alone.store.load, []

    def fail(environment, service):
        if len(refused) < 2:
            refused.append(service)
            raise Temporary("store: busy")
        return load(environment, service)

    monkeypatch.setattr(alone.store, "load", fail)
    alone.push("app", "bugfix", score_file("app"))
    alone.until_ready("bugfix", "app", 1)


@pytest.mark.parametrize("order", ["ensure_environment", "address", "apply", "route", "remove", "remove_environment"])
def test_a_runtime_that_is_away_for_a_moment_is_asked_again(world, score_file, monkeypatch, order):
    original, failures = getattr(world.runtime, order), []

    def fail(*arguments):
        if len(failures) < 2:
            failures.append(arguments)
            raise Temporary("the runner is being started")
        return original(*arguments)

    world.push("app", "main", score_file("app"))
    world.until_ready("main", "app", 1)
    monkeypatch.setattr(world.runtime, order, fail)
    world.push("web", "bugfix", score_file("web", needs=("app",)))
    world.until_ready("bugfix", "web", 1)
    world.until(lambda: world.leads_to("bugfix", "app") == ("main", "app", 1), "it is wired")
    world.delete("web", "bugfix")
    world.until(lambda: world.runtime.environments() == ("main",), "bugfix is gone")
    assert len(failures) == 2


def test_a_release_that_the_runtime_never_takes_fails_and_says_why(alone, score_file, monkeypatch):
    alone.push("app", "bugfix", score_file("app"))
    alone.until_ready("bugfix", "app", 1)
    apply = alone.runtime.apply

    def fail(release):
        if release.number == 2:
            raise Permanent("bugfix:app@v2: its tree breaks a limit")
        apply(release)

    monkeypatch.setattr(alone.runtime, "apply", fail)
    alone.push("app", "bugfix", score_file("app", variables={"COLOUR": "blue"}))
    alone.until(lambda: "its tree breaks a limit; v1 serves" in alone.service("bugfix", "app").note, "it is told")
    alone.push("app", "bugfix", score_file("app"))
    alone.until_ready("bugfix", "app", 3)


def test_the_store_is_tidied_at_the_start_and_again_when_that_failed(build, monkeypatch):
    purge, calls = Store.purge, []

    def fail(self, now, **limits):
        calls.append(limits)
        if len(calls) < 3:
            raise Temporary("store: busy")
        purge(self, now, **limits)

    monkeypatch.setattr(Store, "purge", fail)
    world = build("app", retention={"overrides": 7, "events": 9})
    world.start()
    world.until(lambda: len(calls) == 3, "the store was tidied")
    assert calls[-1] == {"days": 7, "event_days": 9, "releases_kept": 100}
    world.until(lambda: "tidied up" in [n.detail for n in world.roster.read().values()], "it says so")


@on_the_engine
def test_a_gateway_gives_values_and_raises_what_was_refused(world, score_file):
    """On the other base a private endpoint waits for another thread."""
    gateway = ActorGateway(world.system, world.root, world.ports)
    world.push("app", "feature/X", score_file("app"))
    world.until(lambda: world.environment("feature/X").services[0].status == "Ready", "it runs")
    assert gateway.edit("feature/X", "app", (("COLOUR", "green"),), revision="", by="ann").release == 2
    assert gateway.redeploy("feature/X", "app", by="ann").release == 3
    assert [e.number for e in gateway.history("feature/X", "app")] == [3, 2, 1]
    assert gateway.events("feature/X", 1)[0].environment.startswith("feature-x-")
    assert gateway.sync() == (Synced("app", ""), Synced("web", ""))
    assert gateway.approve_removal("app") == ()
    with pytest.raises(Conflict):
        gateway.edit("feature/X", "app", (("COLOUR", "x"),), revision="old", by="ann")
    with pytest.raises(Permanent):
        gateway.edit("feature/X", "app", (("a-b", "x"),), revision="", by="ann")
    for missing in (lambda: gateway.redeploy("nowhere", "app", by=""), lambda: gateway.approve_removal("nobody")):
        with pytest.raises(NotFound):
            missing()
    shown = {view.name for view in gateway.actors()}
    assert {"orchestrator", "caretaker", "repository app", "branch main"} <= shown


@on_the_engine
def test_who_waits_for_a_store_that_cannot_write_is_told_why(world, score_file):
    """On the other base a private endpoint waits for another thread."""
    gateway = ActorGateway(world.system, world.root, world.ports, timedelta(seconds=2))
    world.push("app", "bugfix", score_file("app"))
    world.until_ready("bugfix", "app", 1)
    with closing(sqlite3.connect(world.directory / "store.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Temporary, match="database is locked"):
            gateway.edit("bugfix", "app", (("COLOUR", "green"),), revision="", by="ann")
    world.until_ready("bugfix", "app", 2)


def test_a_look_on_demand_is_answered_when_every_repository_was_looked_at(world):
    found = world.ask(Sync()).repositories
    assert found == (Synced("app", ""), Synced("web", ""))
    path = world.remotes["web"].path
    path.rename(path.with_suffix(".away"))
    app, web = world.ask(Sync()).repositories
    assert (app.problem, web.repository) == ("", "web")
    assert "cannot be listed" in web.problem
    path.with_suffix(".away").rename(path)
    assert world.ask(Sync()).repositories == found
