"""What the store is asked to remember, one record for each thing that happened, and what it gives back.

In: records made by Service and Branch actors, handed to the store in the order of what happened. Out: a `Ledger`, from
which a Service actor starts. All times are seconds since the epoch, UTC.
"""

from dataclasses import dataclass

from orchestrator.domain.override import Changes, Override
from orchestrator.domain.release import Release


@dataclass(frozen=True, slots=True)
class ReleaseRecorded:
    """A release was made; written down before anything runs."""

    release: Release


@dataclass(frozen=True, slots=True)
class ReleaseServed:
    """A release became Ready and answers: it is the last good one."""

    environment: str
    service: str
    number: int
    at: float


@dataclass(frozen=True, slots=True)
class ReleaseFailed:
    """A release could not be made to run, for a reason of one line; serving it later takes this back."""

    environment: str
    service: str
    number: int
    at: float
    reason: str


@dataclass(frozen=True, slots=True)
class OverrideSet:
    """A person set a variable."""

    environment: str
    service: str
    variable: str
    text: str
    at: float
    by: str


@dataclass(frozen=True, slots=True)
class OverrideUnset:
    """A person took an override back."""

    environment: str
    service: str
    variable: str
    at: float
    by: str


@dataclass(frozen=True, slots=True)
class EnvironmentRemoved:
    """An environment is gone: its releases are of the past, its overrides wait for its return."""

    environment: str
    at: float


@dataclass(frozen=True, slots=True)
class EnvironmentReturned:
    """A removed environment is back: its overrides are kept, its numbers go on."""

    environment: str


@dataclass(frozen=True, slots=True)
class ServiceRemoved:
    """One service left an environment that lives on: its releases are of the past, its overrides wait."""

    environment: str
    service: str
    at: float


@dataclass(frozen=True, slots=True)
class Happened:
    """Something worth telling: `kind` is a PascalCase word, `by` says who or what caused it, `trace` in which trace."""

    at: float
    environment: str
    service: str
    kind: str
    text: str
    by: str = ""
    trace: str = ""


Row = (
    ReleaseRecorded
    | ReleaseServed
    | ReleaseFailed
    | OverrideSet
    | OverrideUnset
    | EnvironmentRemoved
    | EnvironmentReturned
    | ServiceRemoved
    | Happened
)


@dataclass(frozen=True, slots=True)
class Ledger:
    """What is known of one service of one environment.

    `last_number` counts every release that ever was. `current` is the newest release and `last_good` the newest that
    served, both None after the service or its environment was removed; overrides are sorted by variable.
    """

    last_number: int = 0
    current: Release | None = None
    last_good: Release | None = None
    overrides: tuple[Override, ...] = ()


def edit_rows(environment: str, service: str, changes: Changes, at: float, by: str) -> tuple[Row, ...]:
    """Give the rows of an edit: one for each variable that was set or unset."""
    return tuple(
        OverrideUnset(environment, service, name, at, by)
        if text is None
        else OverrideSet(environment, service, name, text, at, by)
        for name, text in changes
    )
