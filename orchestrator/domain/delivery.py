"""What people are shown of deliveries and hooks: the forwarder fills these in, the command line prints them."""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How far a delivery has come."""

    JOURNALLED = "journalled"
    PARSED = "parsed"
    FORWARDED = "forwarded"
    IGNORED = "ignored"
    REFUSED = "refused"
    DEAD = "dead"


FAILED = (State.REFUSED, State.DEAD)
"""States of what never reaches the daemon although it was about a branch, or may have been."""


@dataclass(frozen=True, slots=True)
class HintView:
    """What the daemon is told; an empty `ref` means the whole repository."""

    repository: str
    ref: str
    deleted: bool
    pull: str


@dataclass(frozen=True, slots=True)
class HeaderView:
    """One header as it came."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class DeliveryView:
    """One delivery; times in seconds since the epoch, 0 for never.

    `sender_id` is what the git host calls it, empty when it has no name for it; `conflict` tells that another body came
    under this id before. `bytes` is the length of the body, 0 once it was forgotten. `times` counts this and those
    after it that were ignored for the same reason and forgotten. `headers` are in the view of a single delivery only.
    """

    delivery: int
    hook: str
    sender_id: str
    received_at: float
    state: State
    reason: str
    forwarded_at: float
    hints: tuple[HintView, ...]
    conflict: bool = False
    bytes: int = 0
    times: int = 1
    headers: tuple[HeaderView, ...] = ()


@dataclass(frozen=True, slots=True)
class DeliveryList:
    """The newest deliveries first; `waiting` counts all that the daemon was not told of yet, `trouble` says why."""

    deliveries: tuple[DeliveryView, ...]
    waiting: int
    trouble: str
    daemon: str


@dataclass(frozen=True, slots=True)
class HookView:
    """One served hook, and what came for it since the forwarder started; times in seconds since the epoch, 0 for never.

    `secrets_used_at` tells of each secret, in the order of the settings, when a delivery last showed it.
    """

    name: str
    provider: str
    repositories: tuple[str, ...]
    accepted: int
    refused: int
    last_at: float
    last_refusal: str
    last_refused_at: float
    secrets_used_at: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Reloaded:
    """The hooks that are served after the settings were read again."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
