"""Deliveries that were written down a moment ago, still in memory, so that nobody has to read them from the disk.

In: journalled deliveries as they come, and those that were read from the disk. Out: what came, in order. When more come
than memory shall hold they are let go, and `behind` says that the journal is to be read until nothing is left there.
"""

from collections import deque
from collections.abc import Sequence

from orchestrator.forwarder.ledger import Unread

HELD_BYTES = 64 * 2**20
_ROW_BYTES = 512


class Fresh:
    """At first it is `behind`: nobody knows what the journal holds from before."""

    def __init__(self) -> None:
        self.behind = True
        self._held: deque[Unread] = deque()
        self._bytes = 0
        self._newest_read = 0
        self._lost = False

    @property
    def is_half_full(self) -> bool:
        """Tell whether half of what memory may hold is held."""
        return self._bytes > HELD_BYTES // 2

    def came(self, rows: Sequence[Unread]) -> None:
        """Hold deliveries, unless they were read from the disk already."""
        fresh = [row for row in rows if row.seq > self._newest_read]
        self._held.extend(fresh)
        self._bytes += sum(map(_size, fresh))
        if self._bytes > HELD_BYTES:
            self.lose()

    def take(self, limit: int) -> list[Unread]:
        """Give the oldest away."""
        taken = [self._held.popleft() for _ in range(min(limit, len(self._held)))]
        self._bytes -= sum(map(_size, taken))
        return taken

    def lose(self) -> None:
        """Hold nothing: the journal knows what waits."""
        self.behind = self._lost = True
        self._held.clear()
        self._bytes = 0

    def begin_reading(self) -> None:
        """Be told that the journal is about to be read: what comes from here on is held."""
        self._lost = False

    def was_read(self, rows: Sequence[Unread]) -> None:
        """Learn what the journal held; once that is nothing, memory knows all that waits."""
        self.behind = bool(rows) or self._lost
        self._newest_read = max(self._newest_read, rows[-1].seq if rows else 0)
        while self._held and self._held[0].seq <= self._newest_read:
            self._bytes -= _size(self._held.popleft())


def _size(row: Unread) -> int:
    return len(row.body) + _ROW_BYTES
