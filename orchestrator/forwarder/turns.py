"""A loop that works while there is work, sleeps until it is woken, and backs off with full jitter when it cannot.

In: one turn, a coroutine that says whether it found something to do. Out: turns, until stopped; what stands in the way.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from random import SystemRandom
from time import time

from structlog.typing import FilteringBoundLogger

from orchestrator.errors import Temporary
from orchestrator.forwarder.options import Limits

_RANDOM = SystemRandom()


class Turns:
    """`trouble` is why the last turn failed, empty when it did not; `next_at` is when it is tried again, epoch seconds.

    A turn that raises `Temporary` is tried again; `event` is how that is logged. Any other error ends the loop.
    """

    def __init__(
        self, turn: Callable[[], Awaitable[bool]], event: str, limits: Limits, log: FilteringBoundLogger
    ) -> None:
        self.trouble = ""
        self.failures = 0
        self.next_at = 0.0
        self._turn = turn
        self._event = event
        self._limits = limits
        self._log = log
        self._work = asyncio.Event()
        self._stopping = asyncio.Event()

    def wake(self) -> None:
        """Say that there may be work."""
        self._work.set()

    def stop(self) -> None:
        """Begin no other turn."""
        self._stopping.set()
        self._work.set()

    async def run(self) -> None:
        """Turn until stopped or cancelled."""
        while not self._stopping.is_set():
            self._work.clear()
            try:
                busy = await self._turn()
            except Temporary as error:
                await self._back_off(str(error))
                continue
            self.trouble, self.failures = "", 0
            if not busy and not self._stopping.is_set():
                await self._work.wait()

    async def _back_off(self, reason: str) -> None:
        """Wait with full jitter, unless it is time to stop."""
        self.failures += 1
        most = min(self._limits.retry_first_seconds * 2.0 ** min(self.failures, 32), self._limits.retry_most_seconds)
        wait = _RANDOM.uniform(0.0, most)
        self.trouble, self.next_at = reason, time() + wait
        self._log.warning(self._event, reason=reason, tries=self.failures)
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), wait)
