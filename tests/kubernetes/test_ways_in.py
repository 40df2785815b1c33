"""Into which pod a person is led, and by which URL a browser comes to a service."""

from typing import Any, cast

import pytest

from orchestrator.errors import NotFound, Permanent, Temporary
from orchestrator.runtimes.kubernetes import KubernetesOptions, labels, ways_in
from orchestrator.runtimes.kubernetes.api import Api
from orchestrator.runtimes.kubernetes.kinds import Object
from orchestrator.runtimes.kubernetes.live import Live
from tests.kubernetes.releases import options

RUNS = {"containerStatuses": [{"name": "web", "image": "web:1", "state": {"running": {}}}]}
READY = RUNS | {"conditions": [{"type": "Ready", "status": "True"}]}
STUCK = {"containerStatuses": [{"name": "web", "image": "web:1", "state": {"waiting": {"reason": "ImagePullBackOff"}}}]}


def thing(kind: str, environment: str, name: str, **fields: Any) -> Object:
    marks = labels.identity("anabranch", environment, "web")
    metadata = {"name": name, "namespace": f"e-{environment}", "resourceVersion": "1", "labels": marks}
    return {"kind": kind, "metadata": metadata | fields.pop("metadata", {}), **fields}


def pod(name: str, status: Object, release: int = 3, **metadata: Any) -> Object:
    made = thing("Pod", "bugfix", name, status=status, spec={"containers": [{"name": "web"}, {"name": "side"}]})
    made["metadata"]["labels"][labels.RELEASE] = str(release)
    made["metadata"] |= {"creationTimestamp": name, **metadata}
    return made


def ingress(environment: str, **spec: Any) -> Object:
    backend = {"service": {"name": "web", "port": {"number": 80}}}
    rule = {"host": f"web.{environment}.example.org", "http": {"paths": [{"path": "/", "backend": backend}]}}
    return thing("Ingress", environment, "web", spec={"rules": [rule], **spec})


def live(*things: Object) -> Live:
    made = Live(cast(Api, None), "anabranch", lambda *_: None)
    for each in things:
        made.changed(each, gone=False)
    return made


def room(**given: Any) -> KubernetesOptions:
    return options(prefix="e-", **given)


def chosen(*pods: Object, **given: Any) -> str:
    entry = ways_in.entry(live(*pods), room(**given), "bugfix", "web", 3)
    assert entry.pod
    assert (entry.pod.namespace, entry.pod.containers) == ("e-bugfix", ("web", "side"))
    return entry.pod.name


def test_the_newest_pod_that_is_ready_is_entered_before_a_newer_one_that_only_runs() -> None:
    assert chosen(pod("a", READY), pod("b", READY), pod("c", RUNS), pod("d", STUCK)) == "b"
    assert chosen(pod("a", RUNS), pod("b", STUCK)) == "a"
    assert chosen(pod("a", READY), pod("b", READY, release=4)) == "a"


def test_a_pod_that_is_going_is_not_entered() -> None:
    assert chosen(pod("a", READY), pod("b", READY, deletionTimestamp="now")) == "a"
    with pytest.raises(Temporary, match="bugfix:web@v3 has no pod that runs yet; try again"):
        chosen(pod("b", READY, deletionTimestamp="now"))


def test_why_no_pod_runs_is_said() -> None:
    with pytest.raises(NotFound, match=r"no pod that runs: image web:1 cannot be pulled .*anabranch logs"):
        chosen(pod("a", STUCK))


def test_a_context_is_passed_on_where_it_is_one_of_the_file_that_kubectl_reads() -> None:
    def context(**given: Any) -> str:
        entry = ways_in.entry(live(pod("a", READY)), room(**given), "bugfix", "web", 3)
        return entry.pod.context if entry.pod else "none"

    assert context(context="kind") == "kind"
    assert context(context="kind", kubeconfig="/etc/anabranch/kubeconfig") == ""


def test_a_browser_comes_through_the_ingress() -> None:
    assert ways_in.public_url(live(ingress("bugfix")), room(), "bugfix", "web", 80) == "http://web.bugfix.example.org"
    encrypted = live(ingress("bugfix", tls=[{"secretName": "t"}]))
    assert ways_in.public_url(encrypted, room(), "bugfix", "web", 80) == "https://web.bugfix.example.org"


def test_an_alias_is_followed_to_the_ingress_of_the_lender() -> None:
    alias = thing("Service", "bugfix", "web", spec={"type": "ExternalName"})
    alias["metadata"]["annotations"] = {labels.LEADS_TO: "main"}
    found = live(alias, ingress("main"))
    assert ways_in.public_url(found, room(), "bugfix", "web", 80) == "http://web.main.example.org"
    back = thing("Service", "main", "web", spec={"type": "ExternalName"})
    back["metadata"]["annotations"] = {labels.LEADS_TO: "bugfix"}
    with pytest.raises(Permanent, match="inside the cluster only"):
        ways_in.public_url(live(alias, back), room(), "bugfix", "web", 80)


def test_a_port_without_an_ingress_can_be_forwarded() -> None:
    line = "port 81 of bugfix:web .* kubectl --namespace e-bugfix port-forward service/web :81"
    for found in (live(), live(ingress("bugfix"))):
        with pytest.raises(Permanent, match=line):
            ways_in.public_url(found, room(), "bugfix", "web", 81)
