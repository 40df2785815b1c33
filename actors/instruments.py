"""The engine's counters and dead letters as readers see them.

In: an actor system and the roster. Out: an `EngineView` and `DeadLetterView`s; no actor is asked, and of a message only
the parts are shown that name something.
"""

from collections import Counter
from dataclasses import fields, is_dataclass
from enum import Enum

from thespian.actors import ActorSystem, WakeupMessage

from actors.engine import Durations, Letter, counters, letters, snapshot
from actors.machine_room import kind_of
from actors.roster import Roster
from orchestrator.domain.machine_room import DeadLetterView, EngineView, KindView, Spread
from orchestrator.domain.text import printable

_LONGEST = 120


def instruments(system: ActorSystem) -> EngineView:
    """Read all counters."""
    count = counters(system)
    number, waiting, restarts = Counter[str](), Counter[str](), dict(count.restarts_of)
    for record in snapshot(system):
        number[record.class_name] += 1
        waiting[record.class_name] += record.mailbox
    kinds = tuple(
        KindView(kind_of(name), number[name], waiting[name], restarts.get(name, 0), _spread(durations))
        for name, durations in count.handlers
    )
    return EngineView(
        actors=count.actors,
        handled=count.handled,
        failures=count.failures,
        restarts=count.restarts,
        dead_letters=count.dead_letters,
        workers=count.workers,
        running=count.running,
        blocked=count.blocked,
        hung=count.hung,
        timers=count.timers,
        kinds=kinds,
        delays=_spread(count.delays),
        delay=count.delay,
    )


def dead_letters(system: ActorSystem, roster: Roster) -> tuple[DeadLetterView, ...]:
    """Show the last dead letters, newest first."""
    return tuple(_letter(letter, roster) for letter in reversed(letters(system)))


def _spread(durations: Durations) -> Spread:
    p50, p99 = durations.percentile(50), durations.percentile(99)
    return Spread(durations.count, durations.seconds, p50, p99, durations.bounds, durations.counts)


def _letter(letter: Letter, roster: Roster) -> DeadLetterView:
    target, sender = letter.target.actorAddressString, letter.sender.actorAddressString
    return DeadLetterView(
        number=letter.number,
        at=letter.at,
        reason=letter.reason,
        failure=letter.failure,
        actor=_name(roster, target),
        address=target,
        sender=_name(roster, sender),
        message=type(letter.message).__name__,
        fields=_naming(letter.message),
        trace=letter.trace,
    )


def _name(roster: Roster, address: str) -> str:
    return roster.name_of(address) or ("a caller from outside" if address.startswith("/External") else address)


def _naming(message: object) -> tuple[str, ...]:
    said = message.payload if isinstance(message, WakeupMessage) else message
    if not is_dataclass(said):
        return ()
    shown = ((field.name, _plain(getattr(said, field.name))) for field in fields(said))
    return tuple(f"{name}={text}" for name, text in shown if text)


def _plain(value: object) -> str:
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, str | int | float | None):
        return "" if value is None else printable(str(value), _LONGEST)
    return f"({len(value)})" if isinstance(value, tuple) else ""
