"""An apiserver that says again and again that somebody else was faster: all is made, once, and all is removed."""

import random
from collections import Counter
from collections.abc import Callable

import pytest

from orchestrator.domain.release import ResolvedFile
from orchestrator.errors import Temporary
from orchestrator.runtimes.kubernetes import KubernetesOptions
from orchestrator.runtimes.kubernetes.api import Api
from tests.cluster import one_deployment, seeing
from tests.cluster.fault_proxy import Fault, FaultProxy, Seen
from tests.cluster.made import DEPLOYED, FURNITURE, made
from tests.cluster.rooms import opened
from tests.eventually import eventually
from tests.kubernetes.releases import release
from tests.process.running import Watcher

CONFLICT = Fault(409, "Conflict", "Operation cannot be fulfilled: the object has been modified")
EXISTS = Fault(409, "AlreadyExists", "it already exists")


class Rival:
    """Is faster with the first two writes of each verb, and with three of ten later ones."""

    def __init__(self) -> None:
        self.met = Counter[str]()
        self._chance = random.Random(7)

    def judge(self, seen: Seen) -> Fault | None:
        if seen.method == "GET":
            return None
        self.met[seen.method] += 1
        if self.met[seen.method] > 2 and self._chance.random() > 0.3:
            return None
        return EXISTS if seen.method == "POST" else CONFLICT


def given(order: Callable[[], object]) -> bool:
    """Give an order, as an actor does that gives it again later."""
    try:
        order()
    except Temporary:
        return False
    return True


@pytest.mark.timeout(120)
def test_conflicts_delay_what_is_wanted_and_neither_lose_nor_repeat_any_of_it(
    options: KubernetesOptions, eye: Api, proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orchestrator.runtimes.kubernetes.keeping._FIRST_PAUSE", 0.05)
    rival = Rival()
    with opened(options, kubeconfig=str(proxy.kubeconfig), lease=3.0) as runtime:
        watcher = Watcher(runtime)
        proxy.judge = rival.judge
        eventually(lambda: given(lambda: one_deployment.deploy(runtime, "bugfix")), "the orders are taken", 60)
        watcher.ready("bugfix", 1)
        assert made(eye, options, "bugfix") == DEPLOYED
        second = release("bugfix", 2, files=(ResolvedFile("/a", content="b"),))
        eventually(lambda: given(lambda: runtime.apply(second)), "the second release is taken", 60)
        watcher.ready("bugfix", 2)
        eventually(lambda: made(eye, options, "bugfix") == DEPLOYED, "the first release's files are gone")
        assert seeing.answer(eye, runtime.address("bugfix", "app", 80)) == "bugfix/v2"
        for service in ("app", "other"):
            eventually(lambda service=service: given(lambda: runtime.route("bugfix", service, None)), "no route", 60)
            eventually(lambda service=service: given(lambda: runtime.remove("bugfix", service)), "it is removed", 60)
        eventually(lambda: made(eye, options, "bugfix") == FURNITURE, "nothing of the services is left")
        eventually(lambda: given(lambda: runtime.remove_environment("bugfix")), "the environment is removed", 60)
        namespace = seeing.get(eye, "Namespace", "", options.namespace_of("bugfix"))
        assert namespace is None or "deletionTimestamp" in namespace["metadata"]
    assert set(rival.met) == {"PATCH", "POST", "PUT", "DELETE"}
