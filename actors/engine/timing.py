"""How long things took, as a histogram with fixed bounds: cheap to add to, and enough for percentiles.

In: the duration of each slow thing, and of all things their number and sum, from any thread. Out: counts for each
bound, their sum, and estimates in between.
"""

from bisect import bisect_left
from dataclasses import dataclass
from threading import Lock

BOUNDS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0)
"""Seconds: the upper ends of all buckets but the last, which has none."""
QUICK = BOUNDS[0]


@dataclass(frozen=True, slots=True)
class Durations:
    """A copy: `counts` are those up to each of the `bounds`, and beyond; `seconds` is the sum of all."""

    counts: tuple[int, ...]
    seconds: float
    bounds: tuple[float, ...] = BOUNDS

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
    """Keeps apart what took longer than `QUICK`; of everything else it is told only the number and the sum."""

    __slots__ = ("_lock", "_number", "_seconds", "_slow")

    def __init__(self) -> None:
        self._lock = Lock()
        self._slow = [0] * (len(BOUNDS) + 1)
        self._number = 0
        self._seconds = 0.0

    def add(self, seconds: float) -> None:
        """Add the duration of something slow."""
        with self._lock:
            self._slow[bisect_left(BOUNDS, seconds)] += 1

    def settle(self, number: int, seconds: float) -> None:
        """Add so many durations and their sum; the slow ones among them were added before."""
        with self._lock:
            self._number += number
            self._seconds += seconds

    def read(self, number: int = 0, seconds: float = 0.0) -> Durations:
        """Copy what there is, together with what was not settled yet."""
        with self._lock:
            quick = self._number + number - sum(self._slow[1:])
            return Durations((max(0, quick), *self._slow[1:]), self._seconds + seconds)


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

    def names(self) -> tuple[str, ...]:
        """The classes, sorted."""
        return tuple(sorted(self._of.copy()))
