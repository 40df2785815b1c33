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

import figures as told
from cluster_bare import NEW, OLD, THREADS, Bare, Recorder, grouped, verbs
from cluster_changes import Changes, Holds, is_available, says
from cluster_plane import PATIENCE, planed
from processor import used_with_all_below

from orchestrator.domain.status import Health
from orchestrator.runtimes.kubernetes import KubernetesOptions, KubernetesRuntime
from orchestrator.runtimes.kubernetes.connection import Request
from tests.cluster.build import ensure
from tests.cluster.rooms import opened
from tests.eventually import eventually
from tests.kubernetes.releases import release
from tests.process.running import Watcher

_AT_REST = 20.0


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds until all was sent, and until the last Deployment was as it is waited for; of CPU, by then.

    `own` is this process's CPU until all was sent, `whole` that of the control plane too.
    """

    sent: float
    last: float
    own: float
    whole: float


@dataclass(frozen=True, slots=True)
class Sides:
    """What is measured beside each other, by the same watch."""

    options: KubernetesOptions
    bare: Bare
    changes: Changes

    def ours(self, work: Callable[[], None], names: Sequence[str], holds: Holds) -> Spent:
        """Measure work of the runtime for these environments."""
        self.changes.forget()
        began, own, whole = time.perf_counter(), time.process_time(), used_with_all_below(os.getpid())
        work()
        sent, own = time.perf_counter() - began, time.process_time() - own
        last = self.changes.last([self.options.namespace_of(name) for name in names], holds)
        return Spent(sent, last - began, own, used_with_all_below(os.getpid()) - whole)

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
    theirs = [seconds(partial(bare.send, [[request]])) for request in grouped(later, [name])[0]]
    yield told.alone("requests of a first release", f"{verbs(first)}, with all that confines its environment")
    yield told.alone(f"requests of {times} later releases", verbs(later))
    yield told.compared("release to changed object, p50", told.median(asked), told.median(theirs), "bare PATCH")
    yield told.alone("release to Ready told, p50", told.seconds(told.median(ready)))


def seconds(work: Callable[[], None]) -> float:
    """Measure work."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _from_nothing(runtime: KubernetesRuntime, sides: Sides, names: Sequence[str]) -> Iterator[str]:
    recorder, many = Recorder(runtime), len(names)
    ours = sides.ours(lambda: each(partial(make, runtime, services=("app",)), names), names, is_available)
    writes = recorder.take()
    theirs = sides.theirs(grouped(writes, names), names, is_available)
    yield told.compared(f"{many} environments, last Available", ours.last, theirs.last, "bare writes")
    yield told.rate("writes to make them", len(writes) / ours.sent, len(writes) / theirs.sent, "bare writes")
    yield told.compared(f"CPU for {many} environments, all in all", ours.whole, theirs.whole, "bare writes")
    yield told.compared("of that, of this side alone", ours.own, theirs.own, "bare writes")


def _herd(runtime: KubernetesRuntime, sides: Sides, names: Sequence[str], number: int) -> str:
    """The next release of each environment's service."""
    recorder = Recorder(runtime)
    changed = says(release("", number).commit)
    ours = sides.ours(lambda: each(lambda name: runtime.apply(release(name, number)), names), names, changed)
    theirs = sides.theirs(grouped(recorder.take(), names), names, changed)
    eventually(lambda: all(r.health is Health.READY for r in runtime.running()), "all Ready", PATIENCE)
    return told.compared(f"a release of {len(names)} services, last changed", ours.last, theirs.last, "bare PATCHes")


def _at_rest(runtime: KubernetesRuntime, duration: float) -> str:
    recorder, rest = Recorder(runtime), threading.Event()
    rest.wait(duration)
    return told.alone(f"requests in {duration:.0f} s at rest", verbs(recorder.take()))


def _restarted(options: KubernetesOptions, names: Sequence[str], number: int) -> str:
    with opened(options) as runtime:
        watcher, recorder = Watcher(runtime), Recorder(runtime)
        for name in names:
            runtime.ensure_environment(name, name)
            runtime.apply(release(name, number))
            watcher.ready(name, number)
        return told.alone(f"requests of a restart with {len(names)}", verbs(recorder.take()))


def make(runtime: KubernetesRuntime, name: str, *, services: Sequence[str]) -> None:
    """Make an environment with the first release of each service."""
    runtime.ensure_environment(name, name)
    for service in services:
        runtime.apply(release(name, 1, service=service))


def each(work: Callable[[str], None], names: Sequence[str]) -> None:
    """Do the same for all names, as many at a time as the bare loop does."""
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(work, names))
