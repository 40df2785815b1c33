"""Answers to Thespian's status requests; message bodies never appear in them, only the names of their types."""

from datetime import timedelta
from time import monotonic
from typing import TYPE_CHECKING

from thespian.actors import ActorAddress
from thespian.system.messages.status import Thespian_ActorStatus, Thespian_SystemStatus
from thespian.system.timing import ExpirationTimer

from actors.engine.address import SYSTEM
from actors.engine.cell import Cell

if TYPE_CHECKING:
    from actors.engine.system import Engine


def actor_status(engine: "Engine", cell: Cell) -> Thespian_ActorStatus:
    """Describe one actor: its children, what waits in its mailbox, its wakeups."""
    status = Thespian_ActorStatus(
        cell.address,
        cell.class_name,
        SYSTEM,
        cell.parent.address,
        cell.blueprint.source_hash if cell.blueprint else None,
        cell.exiting or None,
    )
    for child in cell.children.values():
        status.addChild(child.address)
    for message, sender, _ in cell.waiting():
        status.addReceivedMessage(sender, cell.address, type(message).__name__)
    status.addWakeups(_wakeups(engine, cell))
    status.addKeyVal("Messages Handled", cell.handled)
    return status


def system_status(engine: "Engine") -> Thespian_SystemStatus:
    """Describe the system: top-level actors, names, sources, who handles dead letters."""
    status = Thespian_SystemStatus(SYSTEM, capabilities=engine.capabilities.copy(), inShutdown=engine.guardian.stopping)
    for child in engine.guardian.children():
        status.addChild(child.address)
    for name, address in engine.registry.names():
        status.addGlobalActor(name, address)
    if engine.dead_letters.handler is not None:
        status.setDeadLetterHandler(engine.dead_letters.handler.address)
    status.sourceAuthority = engine.sources.authority
    status.loadedSources = [(source_hash, "") for source_hash in tuple(engine.sources.loaded)]
    status.setNotifyHandlers(list(engine.sources.watchers()))
    for reason, number in engine.dead_letters.counts():
        status.addKeyVal(f"Dead Letters {reason}", number)
    return status


def _wakeups(engine: "Engine", cell: Cell) -> list[tuple[ActorAddress, ExpirationTimer]]:
    now = monotonic()
    return [
        (cell.address, ExpirationTimer(timedelta(seconds=min(wakeup.due - now, 1e9))))
        for wakeup in engine.timers.pending(cell)
    ]
