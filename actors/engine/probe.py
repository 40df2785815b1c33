"""How long the run queue takes to reach what is put into it: the delay that every message has.

The monitor launches it now and then while something runs; a worker runs it in its turn.
"""

from collections.abc import Callable
from time import monotonic

from actors.engine.timing import Durations, Timing
from actors.engine.worker import HUNG_AFTER, Runnable, Worker

EVERY = 0.25  # seconds between two launches


class Probe:
    """Rides the run queue; at most one ride at a time."""

    hung_after = HUNG_AFTER

    def __init__(self, put: Callable[[Runnable], None]) -> None:
        self._put = put
        self._delays = Timing()
        self._launched = 0.0
        self._riding = False

    def launch(self) -> None:
        """Ride once more, if it is time; by the monitor only."""
        now = monotonic()
        if not self._riding and now - self._launched >= EVERY:
            self._launched, self._riding = now, True
            self._put(self)

    def run(self, _worker: Worker) -> None:
        """Arrive."""
        delay = monotonic() - self._launched
        self._delays.add(delay)
        self._delays.settle(1, delay)
        self._riding = False

    def delays(self) -> Durations:
        """The delays of all rides."""
        return self._delays.read()

    def riding_for(self) -> float:
        """Seconds that the present ride has lasted; 0 when there is none."""
        return monotonic() - self._launched if self._riding else 0.0
