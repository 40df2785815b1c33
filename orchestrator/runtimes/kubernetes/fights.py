"""Who changes back what we put right, again and again, is met ever later, so that two writers do not chase each other.

In: each repair of something that had been made before. Out: how long to leave it as it is. The first repair is made at
once; after a quiet while the next one is the first again.
"""

import time
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T", bound=Hashable)

_FIRST_PAUSE, _LONGEST_PAUSE = 2.0, 300.0
_QUIET = 600.0


class Fights(Generic[T]):
    """Any thread may call; `clock` gives seconds that never jump."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._repairs: dict[T, tuple[int, float]] = {}

    def repaired(self, thing: T) -> int:
        """Note a repair; tells which one in a row it was."""
        times, last = self._repairs.get(thing, (0, 0.0))
        now = self._clock()
        times = 1 if now - last > _QUIET else times + 1
        self._repairs[thing] = (times, now)
        return times

    def pause(self, thing: T) -> float:
        """Give the seconds until a thing may be repaired again, 0 for now."""
        times, last = self._repairs.get(thing, (0, 0.0))
        if times < 2:
            return 0.0
        lasts = min(_LONGEST_PAUSE, _FIRST_PAUSE * 3.0 ** (times - 2))
        return max(0.0, last + lasts - self._clock())

    def forget(self, thing: T) -> None:
        """Drop what is known of a thing that is gone."""
        self._repairs.pop(thing, None)
