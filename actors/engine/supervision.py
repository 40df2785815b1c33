"""The rules by which a failed actor begins anew, written as a decorator on its class.

The decorator only sets a class attribute, which other system bases ignore. A class without it fails as Thespian says:
the same instance tries the message once more, then the sender gets it back as poison.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, TypeVar, runtime_checkable

from thespian.actors import Actor, ActorAddress, ActorSystemMessage

from actors.engine.worker import HUNG_AFTER

SUPERVISION = "Supervision"  # the capability of a system base that obeys these rules


class Then(StrEnum):
    """What happens to an actor that failed too often: it exits, or it exits and its parent fails with it."""

    STOP = "stop"
    ESCALATE = "escalate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Supervision:
    """Rules of one class; times are seconds.

    An exception named in `restart` ends the instance, with its children and wakeups; a new one follows at the same
    address, with the same mailbox, after a pause between the two bounds of `backoff`: doubled with each failure, varied
    by `jitter` in both directions, back at the first after `quiet` seconds without a failure. A message is handed to
    `tries` instances, then parked as a dead letter. More than `max_restarts` within `within` is too often. `mailbox` is
    the most messages that may wait, None for any number; a handler hangs after `hung_after`.
    """

    restart: tuple[type[Exception], ...] = (Exception,)
    backoff: tuple[float, float] = (0.2, 60.0)
    jitter: float = 0.2
    quiet: float = 60.0
    tries: int = 1
    max_restarts: int = 10
    within: float = 300.0
    then: Then = Then.ESCALATE
    mailbox: int | None = None
    hung_after: float = HUNG_AFTER


ActorClass = TypeVar("ActorClass", bound=type[Actor])


def supervised(rules: Supervision) -> Callable[[ActorClass], ActorClass]:
    """Let instances of a class, and of those derived from it, be restarted by these rules."""

    def decorate(actor_class: ActorClass) -> ActorClass:
        setattr(actor_class, "supervision", rules)  # noqa: B010
        return actor_class

    return decorate


def rules_of(actor_class: type[Actor]) -> Supervision | None:
    """The rules of a class; None when it has none."""
    rules = getattr(actor_class, "supervision", None)
    return rules if isinstance(rules, Supervision) else None


@runtime_checkable
class Heir(Protocol):
    """An actor that takes something over from the failed instance before it gets its first message."""

    def inherit(self, before: Actor) -> None:
        """Take over what is known to be sound; what it raises is one more failure."""


class ChildActorFailed(ActorSystemMessage):
    """To a parent: a child failed, lives on at its address, and begins anew in `next_in` seconds."""

    def __init__(self, child: ActorAddress, reason: str, restarts: int, next_in: float) -> None:
        self.child = child
        self.reason = reason
        self.restarts = restarts
        self.next_in = next_in


class RestartRequest(ActorSystemMessage):
    """To a supervised actor: begin anew, as after a failure, but at once and without counting as one."""


class FailedTooOften(Exception):
    """What an actor's failures are to its parent once they are too many."""


class Escalation(ActorSystemMessage):
    """Inside the engine, to a parent: a child `born` at that monotonic time failed too often."""

    def __init__(self, failure: FailedTooOften, born: float) -> None:
        self.failure = failure
        self.born = born
