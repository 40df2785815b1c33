"""Which release of a service serves and which one is on its way; the same rule for every runtime that decides itself.

In: what is applied, and what became Ready. Out: what to end. A release serves once it was Ready, crashes included.
"""

from collections.abc import Mapping
from typing import Generic, TypeVar

Key = tuple[str, str]
"""(environment, service)."""

T = TypeVar("T")


class Succession(Generic[T]):
    """The releases of one (environment, service): `serving` was Ready, `pending` never was."""

    def __init__(self) -> None:
        self.serving: T | None = None
        self.pending: T | None = None

    @property
    def newest(self) -> T | None:
        """The release that was applied last."""
        return self.pending or self.serving

    @property
    def members(self) -> tuple[T, ...]:
        """What runs, oldest first."""
        return tuple(member for member in (self.serving, self.pending) if member is not None)

    def follow(self, release: T | None) -> T | None:
        """Make `release` the pending one (None: back to the one that serves); return the unfinished one to end."""
        unfinished, self.pending = self.pending, release
        return unfinished

    def promote(self, release: T) -> T | None:
        """Let `release` serve because it is Ready; return the one to drain and end."""
        if self.pending is not release:
            return None
        replaced, self.serving, self.pending = self.serving, release, None
        return replaced


def leads_to(key: Key, serving: Mapping[Key, object], routes: Mapping[Key, str]) -> str | None:
    """Name the environment whose service answers at the addresses of `key`: its own, or by routes; None refuses."""
    environment, service = key
    seen: set[str] = set()
    while environment not in seen:
        if (environment, service) in serving:
            return environment
        seen.add(environment)
        environment = routes.get((environment, service), environment)
    return None
