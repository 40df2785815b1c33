"""A daemon's runtime that deploys one service, borrows another one, and is killed before its n-th write.

In: the options as JSON, an environment, n. Out: a process that ends by SIGKILL, or with status 0 when it made fewer
than n writes; then it says how many.
"""

import json
import os
import signal
import sys
import threading
from pathlib import Path

from orchestrator.domain.release import ResolvedFile
from orchestrator.domain.status import Health, Observation
from orchestrator.runtimes.kubernetes import KubernetesOptions, KubernetesRuntime
from orchestrator.runtimes.kubernetes.connection import Request
from tests.kubernetes.releases import release
from tests.process.running import source


def deploy(runtime: KubernetesRuntime, environment: str) -> threading.Event:
    """Give the orders of one deployment; the event is set once it is Ready."""
    ready = threading.Event()

    def hear(seen: Observation) -> None:
        if (seen.environment, seen.health) == (environment, Health.READY):
            ready.set()

    runtime.watch(hear)
    runtime.ensure_environment(environment, environment)
    runtime.route(environment, "other", "main")
    runtime.route(environment, "app", "main")
    runtime.apply(release(environment, 1, files=(ResolvedFile("/a", content="a"),)))
    return ready


def main(written: str, environment: str, last: int) -> int:
    """Deploy, and die before the write with this number."""
    options = json.loads(written)
    runtime = KubernetesRuntime(KubernetesOptions(**options | {"state": Path(options["state"])}), source)
    connection, begun, counting = runtime._api._connection, list[str](), threading.Lock()
    send = connection.send

    def count_down(request: Request) -> object:
        if request.method == "GET" or "/leases" in request.path:
            return send(request)
        with counting:
            begun.append(request.what)
            if len(begun) >= last > 0:
                os.kill(os.getpid(), signal.SIGKILL)
        answer = send(request)
        if answer.status >= 300:
            begun.remove(request.what)
        return answer

    connection.send = count_down  # type: ignore[method-assign,assignment]
    assert deploy(runtime, environment).wait(60)
    runtime.close()
    print(len(begun))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
