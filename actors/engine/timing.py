"""How long things took, as a histogram with fixed bounds: cheap to add to, and enough for percentiles.

In: seconds, from any thread. Out: counts for each bound, their sum, and estimates in between.
"""

from bisect import bisect_left
from dataclasses import dataclass
from threading import Lock

BOUNDS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0)
"""Seconds: the upper ends of all buckets but the last, which has none."""
QUICK = BOUNDS[0]


@dataclass(frozen=True, slots=True)
class Durations:
    """A copy: `counts` has one more entry than `BOUNDS`; `seconds` is the sum of all that was measured."""

    counts: tuple[int, ...]
    seconds: float

    @property
    def count(self) -> int:
        """How many were measured."""
        return sum(self.counts)

    def percentile(self, percent: float) -> float:
        """Estimate the seconds that `percent` of all are not above; 0 of none, the last bound where it is beyond."""
        rank, below = self.count * percent / 100, 0
        for index, (bound, count) in enumerate(zip(BOUNDS, self.counts, strict=False)):
            if count and below + count >= rank:
                lower = BOUNDS[index - 1] if index else 0.0
                return lower + (bound - lower) * (rank - below) / count
            below += count
        return BOUNDS[-1] if self.count else 0.0


class Timing:
    """Adds up durations."""

    __slots__ = ("_counts", "_lock", "_seconds")

    def __init__(self) -> None:
        self._lock = Lock()
        self._counts = [0] * (len(BOUNDS) + 1)
        self._seconds = 0.0

    def add(self, seconds: float) -> None:
        """Add one duration."""
        with self._lock:
            self._counts[bisect_left(BOUNDS, seconds)] += 1
            self._seconds += seconds

    def add_quick(self, number: int, seconds: float) -> None:
        """Add durations below `QUICK` of which only the sum is known."""
        with self._lock:
            self._counts[0] += number
            self._seconds += seconds

    def read(self) -> Durations:
        """Copy what there is."""
        with self._lock:
            return Durations(tuple(self._counts), self._seconds)


class Timings:
    """A `Timing` for each class, made when it is first asked for."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._of: dict[str, Timing] = {}

    def of(self, name: str) -> Timing:
        """The timing of a class, by its name."""
        found = self._of.get(name)
        if found is None:
            with self._lock:
                found = self._of.setdefault(name, Timing())
        return found

    def read(self) -> dict[str, Durations]:
        """Copy all of them."""
        return {name: timing.read() for name, timing in self._of.copy().items()}
