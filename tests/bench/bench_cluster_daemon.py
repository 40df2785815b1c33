"""From `git push` to the changed object and to Ready, with a whole daemon on a cluster; and that one at rest.

Beside it stands what git alone needs to bring the commits here, and a bare loop that sends the same PATCHes for as many
environments of its own.
"""

import os
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing

import figures as told
from cluster_bare import NEW, OLD, Bare, Recorder, fanned
from cluster_changes import Changes, says
from cluster_plane import planed
from cluster_pushes import Pushes, runtime_of
from stage import Stage, stage

from orchestrator.runtimes.kubernetes import KubernetesOptions
from orchestrator.runtimes.kubernetes.connection import Request
from tests.cluster.build import ensure
from tests.cluster.rooms import opened, room
from tests.kubernetes.releases import release
from tests.process.running import Watcher

_HERDS = 5
_AT_REST = 20.0
_CALM = 3.0
"""Seconds without a change, after which the controllers have nothing left to do."""


def figures(*, quick: bool) -> Iterator[str]:
    """Yield lines of results."""
    many, times = (10, 4) if quick else (100, 20)
    with planed(ensure(os.environ)) as (plane, options), room(plane.kubectl, options.state.parent / "bare") as apart:
        herd, names = BareHerd(apart, many), [f"branch-{number}" for number in range(1, many + 1)]
        staging = stage(branches=many + 1, files=1, names=("app",), runtime=runtime_of(options))
        with staging as staged, closing(Changes(options)) as changes:
            pushes = Pushes(staged, options, changes)
            yield _rest(staged, many, 2.0 if quick else _AT_REST)
            yield from _one(pushes, names[0], times)
            yield from _herd(pushes, names, herd, changes)
            others = [f"other-{number}" for number in range(many // 4)]
            yield _beside(pushes, names[0], others, changes, times)


class BareHerd:
    """Environments that nobody looks after, and the PATCHes of further releases for them, as the runtime sent them."""

    def __init__(self, options: KubernetesOptions, many: int) -> None:
        self._options, self._bare = options, Bare(options)
        self._names = [f"{OLD}{number}" for number in range(many)]
        first, self._later = _requests(options, f"{NEW}one")
        self._bare.send(fanned(first, f"{NEW}one", self._names))

    def last_changed(self, number: int, changes: Changes) -> float:
        """Send the PATCH of a further release for every environment; seconds until the last object was changed."""
        requests = fanned([self._later[number]], f"{NEW}one", self._names)
        changes.forget()
        began = time.perf_counter()
        self._bare.send(requests)
        namespaces = [self._options.namespace_of(name) for name in self._names]
        return changes.last(namespaces, says(release("", number + 2).commit)) - began


def _requests(options: KubernetesOptions, name: str) -> tuple[Sequence[Request], Sequence[Request]]:
    """Let a runtime make an environment with a first release, and further ones; what it sent for either."""
    with opened(options) as runtime:
        recorder, watcher = Recorder(runtime), Watcher(runtime)
        runtime.ensure_environment(name, name)
        for number in range(1, _HERDS + 2):
            runtime.apply(release(name, number, variables=(("GREETING", "hello"),)))
            watcher.ready(name, number)
            if number == 1:
                first = recorder.take()
        return first, recorder.take()


def _rest(staged: Stage, many: int, seconds: float) -> str:
    rest, used = threading.Event(), staged.cpu()
    rest.wait(seconds)
    share = (staged.cpu() - used) / seconds
    value = f"{staged.memory() / 2**20:.0f} MB, {share:.1%} of a core"
    return told.alone(f"a daemon at rest, {many} environments", value)


def _one(pushes: Pushes, branch: str, times: int) -> Iterator[str]:
    """Push to one branch, again and again."""
    seen = [(*pushes.follow(pushes.push([branch])), pushes.git_alone()) for _ in range(times)]
    changed, ready, theirs = (told.median(column) for column in zip(*seen, strict=True))
    yield told.added("push to changed object, p50", changed, theirs, "ls-remote and fetch")
    yield told.added("push to Ready told, p50", ready, theirs, "ls-remote and fetch")


def _herd(pushes: Pushes, names: Sequence[str], herd: BareHerd, changes: Changes) -> Iterator[str]:
    """Push to many branches at once, in turns with the bare loop; the controllers are at rest before either."""
    rounds = []
    for number in range(_HERDS):
        changes.calm(_CALM)
        changed = pushes.changed(pushes.push(names))
        changes.calm(_CALM)
        rounds.append((changed, pushes.git_alone() + herd.last_changed(number, changes)))
    yield told.in_turns(f"push to {len(names)} branches, last changed", rounds, "git and bare PATCHes")
    changes.calm(_CALM)
    _, ready = pushes.follow(pushes.push(names))
    yield told.alone(f"push to {len(names)} branches, last Ready told", told.seconds(ready))


def _beside(pushes: Pushes, branch: str, others: Sequence[str], changes: Changes, times: int) -> str:
    """Push to one branch, in turns beside others that are Ready and beside the same ones that never are."""
    rounds = []
    for _ in range(4):
        pushes.follow(pushes.push(others))
        alone = _ready(pushes, branch, changes, times // 4)
        pushes.hang(others)
        beside = _ready(pushes, branch, changes, times // 4)
        rounds.append((beside, alone))
    return told.in_turns(f"push to Ready beside {len(others)} never Ready", rounds, "beside Ready ones")


def _ready(pushes: Pushes, branch: str, changes: Changes, times: int) -> float:
    """Push to one branch once the controllers have nothing left to do for the others; median seconds until Ready."""
    changes.calm(_CALM)
    return told.median([pushes.follow(pushes.push([branch]))[1] for _ in range(times)])
