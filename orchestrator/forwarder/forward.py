"""Hints → daemon: coalesced per branch, posted until acknowledged; at least once, in order per branch.

In: what was parsed. Out: hints at the daemon, and each row's state. What cannot be told at once is written down; while
the daemon is away it is tried again with full jitter, for as long as a row waits; then one post tells the newest of
each branch, however many deliveries there were.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

from structlog.typing import FilteringBoundLogger

from orchestrator.domain import hint
from orchestrator.domain.delivery import State
from orchestrator.domain.hint import RefHint
from orchestrator.domain.payload import Malformed
from orchestrator.errors import Temporary
from orchestrator.forwarder.daemon_client import DaemonClient, NotTaken
from orchestrator.forwarder.journal import Journal
from orchestrator.forwarder.ledger import Unsent, Verdict
from orchestrator.forwarder.options import Limits
from orchestrator.forwarder.turns import Turns

_HINTS_IN_A_POST = 500
_AT_ONCE_SECONDS = 1.0


class Forward(Turns):
    """One loop; `wake` it when something was parsed. `marked` is called when rows have reached another state."""

    def __init__(
        self,
        journal: Journal,
        daemon: DaemonClient,
        marked: Callable[[], None],
        limits: Limits,
        log: FilteringBoundLogger,
    ) -> None:
        super().__init__(self._forward, "hints wait", limits, log)
        self._journal = journal
        self._daemon = daemon
        self._marked = marked
        self._woken = 0
        self._none_waited_at = -1

    def wake(self) -> None:
        """Say that a parsed delivery was written down, or one that is to be told again."""
        self._woken += 1
        super().wake()

    async def at_once(self, verdicts: Sequence[Verdict]) -> list[Verdict]:
        """Tell the daemon before anything is written down, and return the verdicts with what it took as forwarded.

        When others wait before them, or the daemon takes none, they come back as they were.
        """
        hints = hint.newest([each for verdict in verdicts for each in verdict.hints])
        if not hints or self._none_waited_at != self._woken:
            return list(verdicts)
        try:
            async with asyncio.timeout(_AT_ONCE_SECONDS):
                await self._post(hints)
        except (Temporary, NotTaken, TimeoutError):
            return list(verdicts)
        return [replace(verdict, state=State.FORWARDED) if verdict.hints else verdict for verdict in verdicts]

    async def _forward(self) -> bool:
        woken = self._woken
        batch = await self._journal.unsent()
        if batch:
            await self._send(batch)
            self._marked()
        else:
            self._none_waited_at = woken
        return bool(batch)

    async def _send(self, batch: Sequence[Unsent]) -> None:
        """Post a batch; what the daemon does not take is halved until the delivery at fault is alone, then buried."""
        try:
            hints = await asyncio.to_thread(coalesce, batch)
            await self._post(hints)
        except (NotTaken, Malformed) as error:
            await self._split(batch, str(error))
            return
        await self._journal.acknowledge([row.seq for row in batch])
        self._log.info("forwarded", deliveries=len(batch))

    async def _post(self, hints: Sequence[RefHint]) -> None:
        for start in range(0, len(hints), _HINTS_IN_A_POST):
            await self._daemon.post(hints[start : start + _HINTS_IN_A_POST])

    async def _split(self, batch: Sequence[Unsent], reason: str) -> None:
        if len(batch) > 1:
            middle = len(batch) // 2
            await self._send(batch[:middle])
            await self._send(batch[middle:])
            return
        await self._journal.bury(batch[0].seq, reason)
        self._log.warning("delivery not forwarded", delivery=batch[0].seq, state=State.DEAD, reason=reason)


def coalesce(batch: Sequence[Unsent]) -> tuple[RefHint, ...]:
    """Keep the newest hint of each branch; raises `Malformed` when a row was damaged on disk."""
    return hint.newest([told for row in batch for told in hint.from_json(row.hints.encode())])
