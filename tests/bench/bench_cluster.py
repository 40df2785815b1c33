"""Environments in a Kubernetes cluster, beside a bare loop that sends the very same writes.

The control plane is real, its pods only pretend to run; it shares this machine with both sides.
"""

import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import cluster_daemon
import figures as told
from cluster_bare import NEW, OLD, THREADS, Bare, Recorder, grouped, verbs
from cluster_changes import Changes, Holds, is_available, says
from cluster_plane import planed
from stage import until

from orchestrator.domain.status import Health
from orchestrator.runtimes.kubernetes import KubernetesOptions, KubernetesRuntime
from orchestrator.runtimes.kubernetes.connection import Request
from tests.cluster.build import ensure
from tests.cluster.rooms import opened
from tests.kubernetes.releases import release
from tests.process.running import Watcher

_AT_REST = 20.0


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds: until all was sent, until the last Deployment was as it is waited for, and of this process's CPU."""

    sent: float
    last: float
    cpu: float


@dataclass(frozen=True, slots=True)
class Sides:
    """What is measured beside each other, by the same watch."""

    options: KubernetesOptions
    bare: Bare
    changes: Changes

    def ours(self, work: Callable[[], None], names: Sequence[str], holds: Holds) -> Spent:
        """Measure work of the runtime for these environments."""
        self.changes.forget()
        began, cpu = time.perf_counter(), time.process_time()
        work()
        sent, cpu = time.perf_counter() - began, time.process_time() - cpu
        last = self.changes.last([self.options.namespace_of(name) for name in names], holds)
        return Spent(sent, last - began, cpu)

    def theirs(self, groups: Sequence[Sequence[Request]], names: Sequence[str], holds: Holds) -> Spent:
        """Measure the bare loop with these requests, for as many environments of its own."""
        return self.ours(lambda: self.bare.send(groups), [name.replace(NEW, OLD) for name in names], holds)


def figures(*, quick: bool) -> Iterator[str]:
    """Yield lines of results."""
    programs, many = ensure(os.environ), 10 if quick else 100
    names = [f"{NEW}{number}" for number in range(many)]
    with planed(programs) as (_, options):
        sides = Sides(options, Bare(options), Changes(options))
        with opened(options, lease=15.0) as runtime:
            yield from _one(runtime, sides.bare, 5 if quick else 50)
            yield from _from_nothing(runtime, sides, names)
            for number in (2, 3):
                yield _herd(runtime, sides, names, number)
            yield _at_rest(runtime, 2.0 if quick else _AT_REST)
        yield _restarted(options, names, 3)
        sides.changes.close()
    with planed(programs) as (_, options):
        yield from cluster_daemon.figures(options, quick=quick)
    with planed(programs) as (plane, options):
        for child in plane.children[2:]:
            child.kill()
        yield _thousand(options, *((1, 10) if quick else (10, 100)))


def _one(runtime: KubernetesRuntime, bare: Bare, times: int) -> Iterator[str]:
    """Release after release of one service: until it is asked for, and until it is told Ready."""
    name, watcher, recorder = f"{NEW}one", Watcher(runtime), Recorder(runtime)
    runtime.apply(release(name, 1))
    watcher.ready(name, 1)
    first, asked, ready = recorder.take(), list[float](), list[float]()
    for number in range(2, times + 2):
        began = time.perf_counter()
        runtime.apply(release(name, number))
        asked.append(time.perf_counter() - began)
        watcher.ready(name, number)
        ready.append(time.perf_counter() - began)
    later = recorder.take()
    bare.send(grouped(first, [name]))
    theirs = [_seconds(partial(bare.send, [[request]])) for request in grouped(later, [name])[0]]
    yield told.alone("requests of a first release", f"{verbs(first)}, with all that confines its environment")
    yield told.alone(f"requests of {times} later releases", verbs(later))
    yield told.compared("release to changed object, p50", told.median(asked), told.median(theirs), "bare PATCH")
    yield told.alone("release to Ready told, p50", told.seconds(told.median(ready)))


def _seconds(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _from_nothing(runtime: KubernetesRuntime, sides: Sides, names: Sequence[str]) -> Iterator[str]:
    recorder, many = Recorder(runtime), len(names)
    ours = sides.ours(lambda: _each(partial(_make, runtime, services=("app",)), names), names, is_available)
    writes = recorder.take()
    theirs = sides.theirs(grouped(writes, names), names, is_available)
    yield told.compared(f"{many} environments, last Available", ours.last, theirs.last, "bare writes")
    yield told.rate("writes to make them", len(writes) / ours.sent, len(writes) / theirs.sent, "bare writes")
    yield told.compared(f"CPU for {many} environments", ours.cpu, theirs.cpu, "bare writes")


def _herd(runtime: KubernetesRuntime, sides: Sides, names: Sequence[str], number: int) -> str:
    """The next release of each environment's service."""
    recorder = Recorder(runtime)
    changed = says(release("", number).commit)
    ours = sides.ours(lambda: _each(lambda name: runtime.apply(release(name, number)), names), names, changed)
    theirs = sides.theirs(grouped(recorder.take(), names), names, changed)
    until(lambda: all(running.health is Health.READY for running in runtime.running()))
    return told.compared(f"a release of {len(names)} services, last changed", ours.last, theirs.last, "bare PATCHes")


def _at_rest(runtime: KubernetesRuntime, seconds: float) -> str:
    recorder, rest = Recorder(runtime), threading.Event()
    rest.wait(seconds)
    return told.alone(f"requests in {seconds:.0f} s at rest", verbs(recorder.take()))


def _restarted(options: KubernetesOptions, names: Sequence[str], number: int) -> str:
    with opened(options) as runtime:
        watcher, recorder = Watcher(runtime), Recorder(runtime)
        for name in names:
            runtime.ensure_environment(name, name)
            runtime.apply(release(name, number))
            watcher.ready(name, number)
        return told.alone(f"requests of a restart with {len(names)}", verbs(recorder.take()))


def _thousand(options: KubernetesOptions, batches: int, size: int) -> str:
    """Environments of three services each, made in turn by either side; no controller runs, so only writes count."""
    ours, theirs, writes = 0.0, 0.0, 0
    with opened(options, lease=15.0) as runtime:
        bare, recorder = Bare(options), Recorder(runtime)
        make = partial(_make, runtime, services=("app", "web", "other"))
        for batch in range(batches):
            names = [f"{NEW}{batch * size + number}" for number in range(size)]
            ours += _seconds(partial(_each, make, names))
            taken = recorder.take()
            theirs += _seconds(partial(bare.send, grouped(taken, names)))
            writes += len(taken)
    what = f"writes of {batches * size} environments x 3"
    return told.rate(what, writes / ours, writes / theirs, "bare writes")


def _make(runtime: KubernetesRuntime, name: str, *, services: Sequence[str]) -> None:
    runtime.ensure_environment(name, name)
    for service in services:
        runtime.apply(release(name, 1, service=service))


def _each(work: Callable[[str], None], names: Sequence[str]) -> None:
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(work, names))
