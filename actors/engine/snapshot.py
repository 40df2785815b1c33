"""A picture of all actors at one moment, copied while they run.

A system flows in; frozen records flow out. Times are seconds, points in time seconds since the epoch.
"""

from collections import defaultdict
from dataclasses import dataclass
from enum import StrEnum
from time import monotonic, time
from typing import Any

from actors.engine.cell import Cell
from actors.engine.letter import Letter
from actors.engine.system import Engine, engine_of
from actors.engine.tally import RESTARTS_OF
from actors.engine.timing import Durations
from actors.engine.worker import Worker


class ActorState(StrEnum):
    """What an actor is doing."""

    STARTING = "starting"
    IDLE = "idle"
    RUNNING = "running"
    BLOCKED = "blocked"
    HUNG = "hung"
    PAUSED = "paused"
    BACKING_OFF = "backing off"
    EXITING = "exiting"


@dataclass(frozen=True, slots=True)
class HandledMessage:
    """One message that an actor got: the name of its type, and when the actor began with it."""

    type_name: str
    at: float


@dataclass(frozen=True, slots=True)
class ActorRecord:
    """One actor; `recent` is oldest first, `running_for` is None unless it handles a message.

    `busy` is the time that it has spent in handlers; `wakes_in` tells of its next timer, None when there is none.
    `failure` is what the last failed instance raised, `next_in` when the next one begins, None unless it backs off.
    """

    address: str
    class_name: str
    parent: str
    state: ActorState
    mailbox: int
    last_message: str | None
    running_for: float | None
    handled: int
    busy: float
    wakes_in: float | None
    restarts: int
    failure: str
    next_in: float | None
    age: float
    recent: tuple[HandledMessage, ...]


@dataclass(frozen=True, slots=True)
class EngineCounters:
    """The engine as a whole.

    `dead_letters`: reason and number; `hung`: how many handlers were found to hang; `capped`: how often no worker was
    to be had; `restarts_of` and `handlers`: class, and its restarts, and how long its handlers took; `delays`: what the
    run queue made others wait, `delay`: what it makes one wait at this moment.
    """

    actors: int
    created: int
    ended: int
    handled: int
    failures: int
    restarts: int
    dead_letters: tuple[tuple[str, int], ...]
    workers: int
    running: int
    blocked: int
    hung: int
    capped: int
    timers: int
    endpoints: int
    restarts_of: tuple[tuple[str, int], ...]
    handlers: tuple[tuple[str, Durations], ...]
    delays: Durations
    delay: float


def snapshot(system: Any) -> tuple[ActorRecord, ...]:
    """Record every actor of an ActorSystem or its base, oldest first; nobody is stopped for it."""
    engine = engine_of(system)
    due = {id(each.sleeper): each.due for each in reversed(engine.timers.pending())}
    busy = {id(worker.running): worker for worker in engine.scheduler.workers() if worker.running is not None}
    now = monotonic()
    cells = engine.registry.cells()
    return tuple(_record(cell, busy.get(id(cell)), due.get(id(cell)), now, time() - now) for cell in cells)


def counters(system: Any) -> EngineCounters:
    """Count what happened in an ActorSystem or its base since its start."""
    engine = engine_of(system)
    cells = engine.registry.cells()
    workers = engine.scheduler.workers()
    return EngineCounters(
        actors=len(cells),
        created=engine.tally.of("created"),
        ended=engine.tally.of("ended"),
        handled=engine.tally.of("handled by ended actors") + sum(cell.handled for cell in cells),
        failures=engine.tally.of("failures"),
        restarts=engine.tally.of("restarts"),
        dead_letters=engine.dead_letters.counts(),
        workers=len(workers),
        running=sum(worker.running is not None for worker in workers),
        blocked=sum(worker.running is not None and worker.detached for worker in workers),
        hung=engine.scheduler.hung,
        capped=engine.scheduler.capped,
        timers=len(engine.timers.pending()),
        endpoints=engine.registry.endpoints(),
        restarts_of=engine.tally.ending(RESTARTS_OF),
        handlers=_handlers(engine, cells),
        delays=engine.scheduler.probe.delays(),
        delay=engine.scheduler.probe.riding_for(),
    )


def _handlers(engine: Engine, cells: tuple[Cell, ...]) -> tuple[tuple[str, Durations], ...]:
    handled, busy = defaultdict[str, int](int), defaultdict[str, float](float)
    for cell in cells:
        handled[cell.class_name] += cell.handled
        busy[cell.class_name] += cell.busy
    names = engine.timings.names()
    return tuple((name, engine.timings.of(name).read(handled[name], busy[name])) for name in names)


def letters(system: Any) -> tuple[Letter, ...]:
    """The last dead letters of an ActorSystem or its base, oldest first."""
    return engine_of(system).dead_letters.kept()


def _record(cell: Cell, worker: Worker | None, due: float | None, now: float, epoch: float) -> ActorRecord:
    running = max(0.0, now - worker.since) if worker else None
    recent = sorted(cell.recent.copy(), key=lambda entry: entry[1])
    return ActorRecord(
        address=cell.address.actorAddressString,
        class_name=cell.class_name,
        parent=cell.parent.address.actorAddressString,
        state=_state(cell, worker),
        mailbox=cell.length,
        last_message=recent[-1][0].__name__ if recent else None,
        running_for=running,
        handled=cell.handled,
        busy=cell.busy + (running or 0.0),
        wakes_in=None if due is None else max(0.0, due - now),
        restarts=cell.restarts,
        failure=cell.failure,
        next_in=max(0.0, cell.resumes_at - now) if cell.held else None,
        age=now - cell.born,
        recent=tuple(HandledMessage(each.__name__, epoch + at) for each, at in recent),
    )


def _state(cell: Cell, worker: Worker | None) -> ActorState:
    if cell.exiting:
        return ActorState.EXITING
    if cell.held:
        return ActorState.BACKING_OFF
    if not cell.started:
        return ActorState.STARTING
    if worker is None:
        return ActorState.IDLE if cell.pause is None else ActorState.PAUSED
    if worker.hung:
        return ActorState.HUNG
    return ActorState.BLOCKED if worker.detached else ActorState.RUNNING
