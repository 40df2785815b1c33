"""A deadline for one thing after another, with one timer for many of them.

In: the beginning and end of what may last so long. Out: a call when it lasts longer.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_NEVER = float("inf")


class Deadline:
    """`late` is called from another thread, while what is too late goes on, and may not begin or end anything here."""

    def __init__(self, seconds: float, late: Callable[[], None]) -> None:
        self._seconds, self._late = seconds, late
        self._lock = threading.Lock()
        self._until = _NEVER
        self._timer: threading.Timer | None = None

    @contextmanager
    def within(self) -> Iterator[None]:
        """Do something that may last so long; not by two threads at once."""
        with self._lock:
            self._until = time.monotonic() + self._seconds
            if self._timer is None:
                self._ring_after(self._seconds)
        try:
            yield
        finally:
            with self._lock:
                self._until = _NEVER

    def close(self) -> None:
        """Call nobody any more."""
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()

    def _ring_after(self, seconds: float) -> None:
        self._timer = threading.Timer(seconds, self._ring)
        self._timer.daemon = True
        self._timer.start()

    def _ring(self) -> None:
        with self._lock:
            left, self._timer = self._until - time.monotonic(), None
            if left <= 0:
                self._late()
            elif left < _NEVER:
                self._ring_after(left)
