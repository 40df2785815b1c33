"""Environments in a Kubernetes cluster, beside a bare loop that sends the very same writes.

The control plane is real, its pods only pretend to run; it shares this machine with both sides.
"""

import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import figures as told
from stage import until

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from orchestrator.runtimes.kubernetes import KubernetesOptions, KubernetesRuntime, labels  # noqa: E402 - from the root
from orchestrator.runtimes.kubernetes.api import Api  # noqa: E402
from orchestrator.runtimes.kubernetes.connection import Connection, Request  # noqa: E402
from tests.cluster.build import ensure  # noqa: E402
from tests.cluster.control_plane import control_plane  # noqa: E402
from tests.cluster.rooms import opened, room  # noqa: E402
from tests.kubernetes.releases import release  # noqa: E402
from tests.process.running import Watcher  # noqa: E402

_THREADS = 8
_DEPLOYMENTS = "/apis/apps/v1/deployments"


class Recorder:
    """Notes every write of a runtime, leases left out."""

    def __init__(self, runtime: KubernetesRuntime) -> None:
        self.writes: list[Request] = []
        api: Api = runtime._api
        self._send = api._connection.send
        api._connection.send = self._note  # type: ignore[method-assign]

    def _note(self, request: Request) -> object:
        if request.method != "GET" and "/leases" not in request.path:
            self.writes.append(request)
        return self._send(request)

    def verbs(self) -> str:
        """Count what was written since the last time."""
        counted = Counter(request.method for request in self.writes)
        self.writes = []
        return ", ".join(f"{number} {verb}" for verb, number in sorted(counted.items())) or "no write"


def figures(*, quick: bool) -> Iterator[str]:
    """Yield lines of results."""
    many = 10 if quick else 100
    with ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ab-")))
        plane = stack.enter_context(control_plane(ensure(os.environ), place))
        options = stack.enter_context(room(plane.kubectl, place / "runtime"))
        with opened(options, lease=15.0) as runtime:
            yield from _one(runtime, 5 if quick else 50)
            writes, ours = _from_nothing(runtime, many)
            bare = _bare(options, writes, many)
            yield told.compared(f"{many} environments, last Ready", ours[1], bare[1], "bare writes")
            yield told.rate("writes to make them", len(writes) / ours[0], len(writes) / bare[0], "bare writes")
            yield told.compared(f"CPU for {many} environments", ours[2], bare[2], "bare writes")
            yield from _herd(runtime, options, many)
        yield from _restarted(options, many)


def _one(runtime: KubernetesRuntime, times: int) -> Iterator[str]:
    """Release after release of one service: until it is asked for, and until it is told Ready."""
    watcher, recorder = Watcher(runtime), Recorder(runtime)
    runtime.apply(release("one", 1))
    watcher.ready("one", 1)
    first = recorder.verbs()
    asked, ready = [], []
    for number in range(2, times + 2):
        began = time.perf_counter()
        runtime.apply(release("one", number))
        asked.append(time.perf_counter() - began)
        watcher.ready("one", number)
        ready.append(time.perf_counter() - began)
    later = tuple(recorder.writes)
    bare = [_timed(runtime, request) for request in later[-times:]]
    yield f"{'writes of a first release':42} {first}, with all that confines its environment"
    yield f"{'writes of a later release':42} {len(later) / times:.2f}"
    yield told.compared("release to changed object, p50", told.median(asked), told.median(bare), "bare PATCH")
    yield f"{'release to Ready told, p50':42} {told.seconds(told.median(ready)):>10}"


def _timed(runtime: KubernetesRuntime, request: Request) -> float:
    began = time.perf_counter()
    assert runtime._api._connection.send(request).data
    return time.perf_counter() - began


def _from_nothing(runtime: KubernetesRuntime, many: int) -> tuple[list[Request], tuple[float, float, float]]:
    watcher, recorder = Watcher(runtime), Recorder(runtime)
    names = [f"new-{number}" for number in range(many)]

    def make(name: str) -> None:
        runtime.ensure_environment(name, name)
        runtime.apply(release(name, 1))

    began, cpu = time.perf_counter(), time.process_time()
    with ThreadPoolExecutor(_THREADS) as pool:
        list(pool.map(make, names))
    written = time.perf_counter() - began
    for name in names:
        watcher.ready(name, 1)
    return recorder.writes, (written, time.perf_counter() - began, time.process_time() - cpu)


def _bare(options: KubernetesOptions, writes: Sequence[Request], many: int) -> tuple[float, float, float]:
    """Send the same writes for other environments, those of each in their order, and look until all are available."""
    connection = Connection(options)
    groups = [[_renamed(w) for w in writes if _is_of(w, f"new-{number}")] for number in range(many)]

    def send(group: Sequence[Request]) -> None:
        for request in group:
            response = connection.send(request)
            assert response.status < 300, (request.path, response.data)

    began, cpu = time.perf_counter(), time.process_time()
    with ThreadPoolExecutor(_THREADS) as pool:
        list(pool.map(send, groups))
    written, cpu = time.perf_counter() - began, time.process_time() - cpu
    until(lambda: _available(Api(connection), options) >= many)
    return written, time.perf_counter() - began, cpu


def _is_of(request: Request, environment: str) -> bool:
    body = request.body.decode() if isinstance(request.body, bytes) else str(request.body)
    return f'"{environment}"' in body or f"'{environment}'" in body


def _renamed(request: Request) -> Request:
    """Speak of `old-…` instead of `new-…`; an owner of their own keeps the runtime from looking at them."""
    body = request.body
    if isinstance(body, bytes):
        changed = body.replace(b"new-", b"old-").replace(b'"anabranch.dev/owner": "', b'"anabranch.dev/owner": "old-')
        return replace(request, body=changed, path=_old(request.path), acting_as=_old(request.acting_as))
    text = repr(body).replace("new-", "old-").replace("'anabranch.dev/owner': '", "'anabranch.dev/owner': 'old-")
    return replace(request, body=eval(text), path=_old(request.path))


def _old(text: str) -> str:
    return text.replace("new-", "old-")


def _available(api: Api, options: KubernetesOptions) -> int:
    selector = quote(f"{labels.OWNER}=old-{options.namespace}")
    items = api.get(f"{_DEPLOYMENTS}?labelSelector={selector}")["items"]
    return sum(item["status"].get("availableReplicas", 0) for item in items)


def _herd(runtime: KubernetesRuntime, options: KubernetesOptions, many: int) -> Iterator[str]:
    """One push to many branches: the next release of each."""
    watcher, recorder = Watcher(runtime), Recorder(runtime)
    names = [f"new-{number}" for number in range(many)]
    began = time.perf_counter()
    with ThreadPoolExecutor(_THREADS) as pool:
        list(pool.map(lambda name: runtime.apply(release(name, 2)), names))
    changed = time.perf_counter() - began
    for name in names:
        watcher.ready(name, 2)
    ready, connection = time.perf_counter() - began, Connection(options)
    writes = [_renamed(request) for request in recorder.writes]
    began = time.perf_counter()
    with ThreadPoolExecutor(_THREADS) as pool:
        list(pool.map(lambda request: connection.send(request).data, writes))
    bare = time.perf_counter() - began
    yield told.compared(f"a release of {many} services, last changed", changed, bare, "bare PATCHes")
    yield f"{f'a release of {many} services, last Ready':42} {told.seconds(ready):>10}"


def _restarted(options: KubernetesOptions, many: int) -> Iterator[str]:
    with opened(options) as runtime:
        watcher, recorder = Watcher(runtime), Recorder(runtime)
        for name in [f"new-{number}" for number in range(many)]:
            runtime.ensure_environment(name, name)
            runtime.apply(release(name, 2))
            watcher.ready(name, 2)
        yield f"{f'a restart with {many} environments':42} {recorder.verbs()}"
