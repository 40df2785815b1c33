"""How much is written: what changed, and no more."""

from collections import Counter

from orchestrator.runtimes.kubernetes import KubernetesRuntime
from orchestrator.runtimes.kubernetes.connection import Request
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
