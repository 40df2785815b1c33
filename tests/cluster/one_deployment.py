"""A daemon's runtime that deploys one service, borrows another one, and is killed before its n-th write.

In: the options as JSON, an environment, n. Out: a process that ends by SIGKILL, or with status 0 when it made fewer
than n writes; then it says how many.
"""

import json
import os
import signal
import sys
import threading
from itertools import count
from pathlib import Path

from orchestrator.domain.release import ResolvedFile
from orchestrator.domain.status import Health, Observation
from orchestrator.runtimes.kubernetes import KubernetesOptions, KubernetesRuntime
from orchestrator.runtimes.kubernetes.api import Api
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
    api: Api = runtime._api
    permit, numbers = api.permit, count(1)

    def count_down() -> int:
        if next(numbers) == last:
            os.kill(os.getpid(), signal.SIGKILL)
        return permit()

    api.permit = count_down
    assert deploy(runtime, environment).wait(60)
    runtime.close()
    print(next(numbers) - 1)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
