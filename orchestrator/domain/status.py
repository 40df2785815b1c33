"""How well something is, in one word and a one-line reason.

In: what a runtime observed of one release. Out: the word shown by `ps`, and the worst of many for an environment.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Health(StrEnum):
    """The words, best first; the order is the order of `worst`."""

    READY = "Ready"
    WAITING = "Waiting"
    PROGRESSING = "Progressing"
    DEGRADED = "Degraded"


_ORDER = tuple(Health)


@dataclass(frozen=True, slots=True)
class Observation:
    """What a runtime saw of one release, now.

    `reason` is one line, empty when well; `log_tail` the last lines that the service wrote; `tries` counts starts;
    `address` is where this very release listens, `host:port`, empty while unknown.
    """

    environment: str
    service: str
    release: int
    health: Health
    reason: str = ""
    log_tail: tuple[str, ...] = ()
    tries: int = 0
    address: str = ""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a peer reaches a service port."""

    host: str
    port: int


def worst(words: Sequence[Health]) -> Health:
    """Name the worst of many; of none, Ready."""
    return max(words, key=_ORDER.index, default=Health.READY)
