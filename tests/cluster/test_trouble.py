"""An apiserver that refuses, hangs or is gone delays what is wanted, and loses none of it."""

import gc
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import replace
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest

from orchestrator.domain.status import Health
from orchestrator.errors import Temporary
from orchestrator.runtimes.kubernetes import KubernetesOptions, KubernetesRuntime, labels
from orchestrator.runtimes.kubernetes.api import Api
from tests.cluster import seeing
from tests.cluster.control_plane import ControlPlane
from tests.cluster.fault_proxy import Fault, FaultProxy, Seen
from tests.cluster.kubectl import Kubectl
from tests.cluster.rooms import opened
from tests.eventually import eventually
from tests.kubernetes.releases import release
from tests.process.running import Watcher

WRITES = ("PATCH", "POST", "DELETE")


def test_writes_that_are_refused_for_a_while_are_tried_again_and_never_before_they_may(
    options: KubernetesOptions, eye: Api, proxy: FaultProxy
) -> None:
    chance, refused = random.Random(7), list[int]()
    answers = cycle([Fault(429, retry_after=1), Fault(503), Fault(500)])
    not_before, early = dict[Seen, float](), list[Seen]()

    def refuse(seen: Seen) -> Fault | None:
        if time.monotonic() < not_before.get(seen, 0.0):
            early.append(seen)
        if seen.method not in WRITES or "leases" in seen.path or chance.random() > 0.3:
            return None
        answer = next(answers)
        refused.append(answer.status)
        not_before[seen] = time.monotonic() + answer.retry_after
        return answer

    proxy.judge = refuse
    with opened(options, kubeconfig=str(proxy.kubeconfig)) as runtime:
        watcher = Watcher(runtime)
        for environment in ("main", "bugfix"):
            runtime.apply(release(environment, 1))
            watcher.ready(environment, 1)
            assert seeing.answer(eye, runtime.address(environment, "app", 80)) == f"{environment}/v1"
    assert set(refused) == {429, 503, 500}
    assert early == []


@pytest.mark.filterwarnings("ignore:unclosed <ssl.SSLSocket:ResourceWarning")
def test_an_apiserver_that_was_gone_during_a_roll_out_delays_it(
    plane: ControlPlane,
    runtime: KubernetesRuntime,
    options: KubernetesOptions,
    eye: Api,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Python 3.11 leaves a socket that is reset before its handshake (as a dying server does) to the collector."""
    monkeypatch.setattr("orchestrator.runtimes.kubernetes.api._PATIENCE", 2.0)
    watcher = Watcher(runtime)
    runtime.apply(release("bugfix", 1))
    watcher.ready("bugfix", 1)
    runtime.apply(release("bugfix", 2, "registry.example/ready-after-20:1"))
    threads = threading.active_count()
    with plane.outage():
        with pytest.raises(Temporary, match="does not answer"):
            runtime.apply(release("bugfix", 3))
        assert [(r.release, r.serving) for r in runtime.running()] == [(1, True), (3, False)]
    eventually(lambda: retried(runtime), "the third release is taken", 60)
    eventually(lambda: [(r.release, r.health) for r in runtime.running()] == [(3, Health.READY)], "v3 is Ready", 60)
    eventually(lambda: seeing.answer(eye, runtime.address("bugfix", "app", 80)) == "bugfix/v3", "v3 answers", 60)
    assert threading.active_count() <= threads
    gc.collect()


def retried(runtime: KubernetesRuntime) -> bool:
    """Give the order again, as a deployment does."""
    try:
        runtime.apply(release("bugfix", 3))
    except Temporary:
        return False
    return True


def test_a_daemon_that_was_stopped_for_longer_than_its_lease_writes_nothing_when_it_goes_on(
    options: KubernetesOptions, eye: Api, tmp_path: Path
) -> None:
    selector = f"{labels.OWNER}={options.namespace}"
    held = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "tests.cluster.persistent_writer",
            options.kubeconfig,
            options.namespace,
            options.prefix,
        ],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert held.stdout
        assert held.stdout.readline() == "wrote\n"
        os.kill(held.pid, signal.SIGSTOP)
        with opened(replace(options, state=tmp_path / "other")) as successor:
            watcher = Watcher(successor)
            successor.apply(release("bugfix", 1))
            watcher.ready("bugfix", 1)
            before = {thing["metadata"]["name"] for thing in seeing.listed(eye, "Namespace", "", selector)}
            os.kill(held.pid, signal.SIGCONT)
            assert held.stdout.readline() == "refused\n"
            after = {thing["metadata"]["name"] for thing in seeing.listed(eye, "Namespace", "", selector)}
            assert after == before
            successor.apply(release("bugfix", 2))
            watcher.ready("bugfix", 2)
    finally:
        held.kill()
        held.wait()
        if held.stdout:
            held.stdout.close()


def test_a_watch_whose_place_is_forgotten_starts_again_and_misses_nothing(
    options: KubernetesOptions, kubectl: Kubectl, eye: Api, proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orchestrator.runtimes.kubernetes.reflector._LASTS", (1, 1))
    monkeypatch.setattr("orchestrator.runtimes.kubernetes.reflector._LONGEST_PAUSE", 0.2)
    forgotten = list[str]()

    def refuse(seen: Seen) -> Fault | None:
        if "watch=1" not in seen.path or "sendInitialEvents" in seen.path:
            return None
        forgotten.append(seen.path)
        return Fault(410)

    proxy.judge = refuse
    with opened(options, kubeconfig=str(proxy.kubeconfig)) as runtime:
        watcher = Watcher(runtime)
        runtime.apply(release("bugfix", 1))
        watcher.ready("bugfix", 1)
        namespace = options.namespace_of("bugfix")
        for _ in range(2):
            seen = len(forgotten)
            kubectl("-n", namespace, "delete", "service", "app")
            eventually(lambda: seeing.get(eye, "Service", namespace, "app"), "the Service is back")
            eventually(lambda seen=seen: len(forgotten) > seen, "another watch was forgotten")
    assert forgotten


def test_a_daemon_that_is_told_of_namespaces_last_forgets_nothing_that_it_made(
    options: KubernetesOptions, eye: Api, proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orchestrator.runtimes.kubernetes.reflector._FIRST_PAUSE", 0.1)
    with opened(options) as before:
        before.ensure_environment("bugfix", "bugfix")
    asked = Counter[str]()

    def refuse(seen: Seen) -> Fault | None:
        """Let what an environment holds be told after its inventory, and its namespace after both."""
        kind = seen.path.partition("?")[0].rpartition("/")[2] if "watch=1" in seen.path else ""
        asked[kind] += 1
        early = kind == "namespaces" and (asked[kind] == 1 or asked["networkpolicies"] < 2)
        return Fault(403) if early or (kind == "networkpolicies" and asked[kind] == 1) else None

    def inventories() -> list[dict[str, Any]]:
        return seeing.listed(eye, "ConfigMap", options.namespace, labels.INVENTORY)

    made, proxy.judge = inventories(), refuse
    with opened(options, kubeconfig=str(proxy.kubeconfig)):
        assert asked["namespaces"] > 1
    assert len(made) == 1
    assert inventories() == made


def test_a_server_that_cannot_tell_all_in_a_watch_is_asked_for_pages(
    options: KubernetesOptions,
    kubectl: Kubectl,
    eye: Api,
    proxy: FaultProxy,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One without the feature WatchList answers 400 or 422; in pages of one object, each kind has several."""

    def refuse(seen: Seen) -> Fault | None:
        if "sendInitialEvents" not in seen.path:
            return None
        return Fault(400 if "/pods?" in seen.path else 422, "Invalid")

    monkeypatch.setattr("orchestrator.runtimes.kubernetes.reflector._PAGE", 1)
    proxy.judge = refuse
    with opened(options) as before:
        before.ensure_environment("bugfix", "bugfix")
    with opened(options, kubeconfig=str(proxy.kubeconfig)) as runtime:
        pages = [seen.path for seen in proxy.seen if "/networkpolicies?limit=1" in seen.path]
        assert len(pages) >= 3
        assert ["continue=" in page for page in pages] == [False] + [True] * (len(pages) - 1)
        watcher, namespace = Watcher(runtime), options.namespace_of("bugfix")
        runtime.apply(release("bugfix", 1))
        watcher.ready("bugfix", 1)
        kubectl("-n", namespace, "delete", "service", "app")
        eventually(lambda: seeing.get(eye, "Service", namespace, "app"), "the Service is back")
