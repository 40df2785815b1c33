"""Hints → daemon: coalesced per branch, posted until acknowledged; at least once, in order per branch.

In: parsed rows. Out: hints at the daemon, and each row's state. While the daemon is away it tries again with full
jitter, for as long as a row waits; then one post tells the newest of each branch, however many deliveries there were.
"""

import asyncio
from collections.abc import Callable, Sequence

from structlog.typing import FilteringBoundLogger

from orchestrator.domain import hint
from orchestrator.domain.delivery import State
from orchestrator.domain.hint import RefHint
from orchestrator.domain.payload import Malformed
from orchestrator.forwarder.daemon_client import DaemonClient, NotTaken
from orchestrator.forwarder.journal import Journal
from orchestrator.forwarder.ledger import Unsent
from orchestrator.forwarder.options import Limits
from orchestrator.forwarder.turns import Turns

_HINTS_IN_A_POST = 500


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

    async def _forward(self) -> bool:
        batch = await self._journal.unsent()
        if batch:
            await self._send(batch)
            self._marked()
        return bool(batch)

    async def _send(self, batch: Sequence[Unsent]) -> None:
        """Post a batch; what the daemon does not take is halved until the delivery at fault is alone, then buried."""
        try:
            hints = await asyncio.to_thread(coalesce, batch)
            for start in range(0, len(hints), _HINTS_IN_A_POST):
                await self._daemon.post(hints[start : start + _HINTS_IN_A_POST])
        except (NotTaken, Malformed) as error:
            await self._split(batch, str(error))
            return
        await self._journal.acknowledge([row.seq for row in batch])
        self._log.info("forwarded", deliveries=len(batch), hints=len(hints))

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
