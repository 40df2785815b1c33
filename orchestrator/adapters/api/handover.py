"""Lines from threads to one reader on the event loop, never more of them than fit in memory.

In: lines and one failure of each source, from threads, which wait while the reader is slow. Out: what arrived, all of
it at once. When the reader leaves, every source is closed, so that no thread waits for a line that nobody reads.
"""

import asyncio
import contextlib
import threading
from collections import deque

from orchestrator.adapters.gateway import LogLines
from orchestrator.errors import AnabranchError

_MOST_WAITING = 256
Said = bytes | AnabranchError


class Handover:
    """Made on the event loop by the reader; `sources` threads call `put` and, in the end, `ended`."""

    def __init__(self, sources: int) -> None:
        self._loop = asyncio.get_running_loop()
        self._arrived = asyncio.Event()
        self._changed = threading.Condition()
        self._said: deque[Said] = deque()
        self._open: list[LogLines] = []
        self._sources = sources
        self._left = False

    def opened(self, lines: LogLines) -> None:
        """From a thread: have these lines closed when the reader leaves, at once if it is gone."""
        with self._changed:
            self._open.append(lines)
            left = self._left
        if left:
            lines.close()

    def put(self, said: Said) -> bool:
        """From a thread: wait until there is room; False when the reader left."""
        with self._changed:
            self._changed.wait_for(lambda: self._left or len(self._said) < _MOST_WAITING)
            if not self._left:
                self._said.append(said)
                self._wake()
            return not self._left

    def ended(self) -> None:
        """From a thread, as its last word."""
        with self._changed:
            self._sources -= 1
            self._wake()

    @property
    def over(self) -> bool:
        """Tell whether nothing more will come."""
        with self._changed:
            return not self._sources and not self._said

    async def take(self, seconds: float) -> tuple[Said, ...]:
        """Wait for something to arrive and take all of it; nothing after `seconds`, or when all sources ended."""
        if not self.over:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._arrived.wait(), seconds)
        with self._changed:
            self._arrived.clear()
            said = tuple(self._said)
            self._said.clear()
            self._changed.notify_all()
        return said

    def leave(self) -> None:
        """Let every thread end, whatever it waits for."""
        with self._changed:
            self._left = True
            self._said.clear()
            self._changed.notify_all()
            lines = tuple(self._open)
        for each in lines:
            each.close()

    def _wake(self) -> None:
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._arrived.set)
