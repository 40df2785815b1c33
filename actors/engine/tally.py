"""Named counts that many threads add to."""

from collections import Counter
from threading import Lock

RESTARTS_OF = "restarts of "  # begins the names of the counts by class


class Tally:
    """Counts never fall."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._counts: Counter[str] = Counter()

    def add(self, name: str, number: int = 1) -> None:
        """Count something."""
        with self._lock:
            self._counts[name] += number

    def read(self) -> tuple[tuple[str, int], ...]:
        """Copy all counts, sorted by name."""
        with self._lock:
            return tuple(sorted(self._counts.items()))

    def ending(self, beginning: str) -> tuple[tuple[str, int], ...]:
        """The counts whose names begin so, by the rest of their names."""
        return tuple((name.removeprefix(beginning), n) for name, n in self.read() if name.startswith(beginning))

    def of(self, name: str) -> int:
        """One count; 0 when nothing was counted yet."""
        with self._lock:
            return self._counts[name]
