"""An in-process Thespian system base: thousands of actors in one process, on a few threads.

Belongs here: what runs any Thespian actor. Does not: anything that knows environments, repositories or messages of
this project. Only the standard library and Thespian are imported.
"""

from typing import Any

from thespian.actors import ActorSystem

from actors.engine.snapshot import ActorRecord, ActorState, EngineCounters, HandledMessage, counters, snapshot
from actors.engine.system import Engine
from actors.engine.worker import expect_blocking

__all__ = [
    "ActorRecord",
    "ActorState",
    "Engine",
    "EngineCounters",
    "HandledMessage",
    "counters",
    "expect_blocking",
    "make_base",
    "open_system",
    "snapshot",
]

PATIENCE = 10.0  # seconds that a shutdown waits for actors


def make_base(capabilities: dict[str, Any], patience: float = PATIENCE) -> Engine:
    """Start a system base; the dictionary is filled, shared, and reaches every actor that names `capabilities`."""
    return Engine(capabilities, patience)


def open_system(capabilities: dict[str, Any], patience: float = PATIENCE) -> ActorSystem:
    """Start an actor system of its own; its `shutdown()` waits at most `patience` seconds for actors."""
    base = make_base(capabilities, patience)
    return ActorSystem(systemBase=base, capabilities=capabilities, transientUnique=True)
