"""Connections that fall silent without being closed, as when packets are lost: what happens meanwhile is not missed."""

import time
from collections import Counter

import pytest

from orchestrator.runtimes.kubernetes import KubernetesOptions
from orchestrator.runtimes.kubernetes.api import Api
from orchestrator.runtimes.kubernetes.kinds import WATCHED
from tests.cluster import seeing
from tests.cluster.fault_proxy import FaultProxy
from tests.cluster.kubectl import Kubectl
from tests.cluster.rooms import opened
from tests.eventually import eventually
from tests.kubernetes.releases import release
from tests.process.running import Watcher

SILENCE = 3.0


def test_a_watch_that_fell_silent_is_opened_anew_and_what_it_missed_is_put_right(
    options: KubernetesOptions, kubectl: Kubectl, eye: Api, proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orchestrator.runtimes.kubernetes.reflector._SILENCE", SILENCE)
    with opened(options, kubeconfig=str(proxy.kubeconfig)) as runtime:
        watcher = Watcher(runtime)
        runtime.apply(release("bugfix", 1))
        watcher.ready("bugfix", 1)
        began = time.monotonic()
        proxy.abandon()
        proxy.seen.clear()
        namespace = options.namespace_of("bugfix")
        kubectl("-n", namespace, "delete", "service", "app")
        eventually(lambda: seeing.get(eye, "Service", namespace, "app"), "the Service is back")
        runtime.apply(release("bugfix", 2))
        watcher.ready("bugfix", 2)
        opened_anew = Counter(seen.path.partition("?")[0] for seen in proxy.seen if "watch=1" in seen.path)
    assert set(opened_anew) <= {kind.path() for kind in WATCHED}
    assert max(opened_anew.values()) <= 1 + (time.monotonic() - began) / SILENCE
