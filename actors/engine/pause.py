"""A mailbox that a person stopped: its messages wait, one of them is handled for each step, until the pause ends.

In: `step` and `end` from any thread; `stops` from the holder of the turn, who leaves then and keeps the turn for the
pause. Out: `go_on`, called once for each time that the mailbox may run again.
"""

from collections.abc import Callable
from threading import Lock


class Pause:
    """One pause, from its beginning to its end."""

    __slots__ = ("_go_on", "_lock", "_over", "_parked", "_steps")

    def __init__(self, go_on: Callable[[], None]) -> None:
        self._go_on = go_on
        self._lock = Lock()
        self._steps = 0
        self._parked = False
        self._over = False

    def stops(self) -> bool:
        """Tell whether the holder of the turn has to leave before the next message; a step is used up otherwise."""
        with self._lock:
            if self._steps:
                self._steps -= 1
                return False
            self._parked = not self._over
            return self._parked

    def step(self) -> None:
        """Let one message pass."""
        with self._lock:
            self._steps += 1
        self._unpark()

    def end(self) -> None:
        """Let all messages pass."""
        with self._lock:
            self._over = True
        self._unpark()

    def _unpark(self) -> None:
        with self._lock:
            parked, self._parked = self._parked, False
        if parked:
            self._go_on()
