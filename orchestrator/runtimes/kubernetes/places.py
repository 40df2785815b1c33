"""So many requests at once; others wait their turn, and what is in no hurry waits until nobody does.

In: who wants a place. Out: the place.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Places:
    """So many places; any thread may call."""

    def __init__(self, number: int) -> None:
        lock = threading.Lock()
        self._freed, self._quiet = threading.Condition(lock), threading.Condition(lock)
        self._free, self._waiting = number, 0

    @contextmanager
    def place(self) -> Iterator[None]:
        """Have a place, as soon as one is free."""
        self._take()
        try:
            yield
        finally:
            self._give_back()

    def give_way(self, seconds: float) -> None:
        """Wait until nobody waits for a place, at most so many seconds."""
        with self._quiet:
            self._quiet.wait_for(lambda: not self._waiting, max(0.0, seconds))

    def _take(self) -> None:
        with self._freed:
            self._waiting += 1
            self._freed.wait_for(lambda: self._free)
            self._free -= 1
            self._waiting -= 1
            if not self._waiting:
                self._quiet.notify_all()

    def _give_back(self) -> None:
        with self._freed:
            self._free += 1
            self._freed.notify()
