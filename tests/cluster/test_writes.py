"""How much is written: what changed, and no more."""

import threading
from collections import Counter

from orchestrator.runtimes.kubernetes import KubernetesOptions, KubernetesRuntime, labels
from orchestrator.runtimes.kubernetes.api import Api
from orchestrator.runtimes.kubernetes.connection import Request
from tests.cluster import seeing
from tests.eventually import DEADLINE
from tests.kubernetes.releases import release
from tests.process.running import Watcher


def recorded(runtime: KubernetesRuntime) -> list[Request]:
    """Note every write from now on, leases left out."""
    writes = list[Request]()
    connection = runtime._api._connection
    send = connection.send

    def note(request: Request) -> object:
        if request.method != "GET" and "/leases" not in request.path:
            writes.append(request)
        return send(request)

    connection.send = note  # type: ignore[method-assign,assignment]
    return writes


def test_a_later_release_is_one_write_and_a_swapped_name_another(runtime: KubernetesRuntime) -> None:
    watcher = Watcher(runtime)
    runtime.apply(release("main", 1))
    watcher.ready("main", 1)
    runtime.route("bugfix", "app", "main")
    runtime.apply(release("bugfix", 1))
    watcher.ready("bugfix", 1)
    writes = recorded(runtime)
    for number in range(2, 8):
        runtime.apply(release("main", number))
        watcher.ready("main", number)
    runtime.apply(release("main", 7))
    watcher.ready("main", 7)
    assert Counter(w.what for w in writes) == {writes[0].what: 6}
    writes.clear()
    runtime.remove("bugfix", "app")
    assert [w.method for w in writes] == ["PATCH", "DELETE", "PATCH"]


def test_a_look_that_came_too_early_does_not_take_back_what_a_route_wrote(
    runtime: KubernetesRuntime, options: KubernetesOptions, eye: Api
) -> None:
    runtime.ensure_environment("bugfix", "bugfix")
    environments, came, go_on = runtime._keeping._environments, threading.Event(), threading.Event()
    lenders = environments._lenders

    def late(environment: str) -> set[str]:
        found = lenders(environment)
        if threading.current_thread() is looker and not came.is_set():
            came.set()
            assert go_on.wait(DEADLINE)
        return found

    environments._lenders = late
    environments.moved("bugfix")
    looker = threading.Thread(target=environments.ensure, args=("bugfix",))
    looker.start()
    assert came.wait(DEADLINE)
    runtime.route("bugfix", "app", "main")
    writes = recorded(runtime)
    go_on.set()
    looker.join(DEADLINE)
    assert writes == []
    namespace = seeing.get(eye, "Namespace", "", options.namespace_of("bugfix"))
    assert labels.label(namespace or {}, "borrows.anabranch.dev/main") == "true"
