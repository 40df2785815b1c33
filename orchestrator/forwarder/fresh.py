"""Deliveries that were written down a moment ago, still in memory, so that nobody has to read them from the disk.

In: journalled deliveries as they come, and those that were read from the disk. Out: what came, in order. When more come
than memory shall hold they are let go, and `behind` says that the journal is to be read until nothing is left there.
"""

from collections import deque
from collections.abc import Sequence

from orchestrator.forwarder.ledger import Unread

_HELD_BYTES = 8 * 2**20
_ROW_BYTES = 512


class Fresh:
    """At first it is `behind`: nobody knows what the journal holds from before."""

    def __init__(self) -> None:
        self.behind = True
        self._held: deque[Unread] = deque()
        self._bytes = 0
        self._newest_read = 0
        self._lost = False

    def came(self, row: Unread) -> None:
        """Hold a delivery, unless it was read from the disk already."""
        if row.seq <= self._newest_read:
            return
        self._held.append(row)
        self._bytes += _size(row)
        if self._bytes > _HELD_BYTES:
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
