"""A picture of all actors at one moment, copied while they run.

A system flows in; frozen records flow out. Times are seconds, points in time seconds since the epoch.
"""

from dataclasses import dataclass
from enum import StrEnum
from time import monotonic, time
from typing import Any

from actors.engine.cell import Cell
from actors.engine.system import Engine
from actors.engine.worker import Worker


class ActorState(StrEnum):
    """What an actor is doing."""

    STARTING = "starting"
    IDLE = "idle"
    RUNNING = "running"
    BLOCKED = "blocked"
    HUNG = "hung"
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
    restarts: int
    failure: str
    next_in: float | None
    age: float
    recent: tuple[HandledMessage, ...]


@dataclass(frozen=True, slots=True)
class EngineCounters:
    """The engine as a whole.

    `dead_letters`: reason and number; `hung`: how many handlers were found to hang; `capped`: how often no worker was
    to be had.
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


def snapshot(system: Any) -> tuple[ActorRecord, ...]:
    """Record every actor of an ActorSystem or its base, oldest first; nobody is stopped for it."""
    engine = _engine(system)
    busy = {id(worker.running): worker for worker in engine.scheduler.workers() if worker.running is not None}
    now = monotonic()
    return tuple(_record(cell, busy.get(id(cell)), now, time() - now) for cell in engine.registry.cells())


def counters(system: Any) -> EngineCounters:
    """Count what happened in an ActorSystem or its base since its start."""
    engine = _engine(system)
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
    )


def _engine(system: Any) -> Engine:
    engine = getattr(system, "_systemBase", system)
    if not isinstance(engine, Engine):
        raise TypeError(f"not a running system of this engine: {type(engine).__name__}")
    return engine


def _record(cell: Cell, worker: Worker | None, now: float, epoch: float) -> ActorRecord:
    recent = sorted(cell.recent.copy(), key=lambda entry: entry[1])
    return ActorRecord(
        address=cell.address.actorAddressString,
        class_name=cell.class_name,
        parent=cell.parent.address.actorAddressString,
        state=_state(cell, worker),
        mailbox=cell.length,
        last_message=recent[-1][0].__name__ if recent else None,
        running_for=max(0.0, now - worker.since) if worker else None,
        handled=cell.handled,
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
        return ActorState.IDLE
    if worker.hung:
        return ActorState.HUNG
    return ActorState.BLOCKED if worker.detached else ActorState.RUNNING
