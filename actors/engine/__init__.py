"""An in-process Thespian system base: thousands of actors in one process, on a few threads.

Belongs here: what runs any Thespian actor. Does not: anything that knows environments, repositories or messages of
this project. Only the standard library and Thespian are imported.
"""

from collections.abc import Callable
from typing import Any

from thespian.actors import ActorSystem

from actors.engine.dead_letters import DeadLetter
from actors.engine.letter import Letter
from actors.engine.snapshot import (
    ActorRecord,
    ActorState,
    EngineCounters,
    HandledMessage,
    counters,
    letters,
    snapshot,
)
from actors.engine.steering import pause, replay, restart, resume, step
from actors.engine.supervision import ChildActorFailed, Heir, Supervision, Then, supervised
from actors.engine.system import Engine
from actors.engine.timing import Durations
from actors.engine.trace import adopt, current_trace, traced
from actors.engine.worker import expect_blocking

__all__ = [
    "ActorRecord",
    "ActorState",
    "ChildActorFailed",
    "DeadLetter",
    "Durations",
    "Engine",
    "EngineCounters",
    "HandledMessage",
    "Heir",
    "Letter",
    "Supervision",
    "Then",
    "adopt",
    "counters",
    "current_trace",
    "expect_blocking",
    "letters",
    "make_base",
    "open_system",
    "pause",
    "replay",
    "restart",
    "resume",
    "snapshot",
    "step",
    "supervised",
    "traced",
]

PATIENCE = 10.0  # seconds that a shutdown waits for actors


def ignore(_reason: str) -> None:
    """Let a top-level actor that failed too often just be gone."""


def make_base(
    capabilities: dict[str, Any], patience: float = PATIENCE, escalated: Callable[[str], None] = ignore
) -> Engine:
    """Start a system base; the dictionary is filled, shared, and reaches every actor that names `capabilities`.

    `escalated` gets the reason, in a thread of the engine, when a supervised top-level actor has failed too often.
    """
    return Engine(capabilities, patience, escalated)


def open_system(
    capabilities: dict[str, Any], patience: float = PATIENCE, escalated: Callable[[str], None] = ignore
) -> ActorSystem:
    """Start an actor system of its own; its `shutdown()` waits at most `patience` seconds for actors."""
    base = make_base(capabilities, patience, escalated)
    return ActorSystem(systemBase=base, capabilities=capabilities, transientUnique=True)
