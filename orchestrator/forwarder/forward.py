"""Journal → daemon: parsed, coalesced per branch, posted until acknowledged; at least once, in order per branch.

In: rows that the receiver wrote. Out: hints at the daemon, and each row's state. While the daemon is away it tries
again with full jitter, for as long as a row waits.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from random import SystemRandom

from structlog.typing import FilteringBoundLogger

from orchestrator.domain import hint
from orchestrator.domain.hint import RefHint
from orchestrator.domain.payload import Malformed
from orchestrator.domain.webhook import Hook
from orchestrator.errors import Temporary
from orchestrator.forwarder.daemon_client import DaemonClient, NotTaken
from orchestrator.forwarder.journal import Journal, JournalFault
from orchestrator.forwarder.ledger import State, Unsent, Verdict
from orchestrator.forwarder.options import Limits
from orchestrator.forwarder.reading import read

_PARSED_AT_ONCE = 64
_SENT_AT_ONCE = 1024
_HINTS_IN_A_POST = 500
_RANDOM = SystemRandom()


class Forward:
    """One loop; `wake` it after each delivery."""

    def __init__(
        self,
        journal: Journal,
        hooks: Mapping[str, Hook],
        daemon: DaemonClient,
        limits: Limits,
        log: FilteringBoundLogger,
    ):
        self._journal = journal
        self._hooks = hooks
        self._daemon = daemon
        self._limits = limits
        self._log = log
        self._at_once = _PARSED_AT_ONCE
        self._arrived = asyncio.Event()
        self._stopping = asyncio.Event()

    def wake(self) -> None:
        """Say that the journal holds something new."""
        self._arrived.set()

    def stop(self) -> None:
        """Begin no other turn."""
        self._stopping.set()
        self._arrived.set()

    async def run(self) -> None:
        """Forward until stopped or cancelled."""
        failures = 0
        while not self._stopping.is_set():
            self._arrived.clear()
            try:
                busy = await self._turn()
            except Temporary as error:
                failures += 1
                self._log.warning("hints wait", reason=str(error), tries=failures)
                await self._pause(failures)
                continue
            failures = 0
            if not busy and not self._stopping.is_set():
                await self._arrived.wait()

    async def _turn(self) -> bool:
        parsed = await self._parse()
        batch = await self._journal.unsent(_SENT_AT_ONCE)
        if batch:
            await self._send(batch)
        return bool(parsed or batch)

    async def _parse(self) -> int:
        rows = await self._journal.unread(self._at_once)
        verdicts = [read(self._hooks, row) for row in rows]
        if verdicts:
            await self._settle(verdicts)
        for verdict in verdicts:
            if verdict.state in {State.DEAD, State.REFUSED}:
                self._log.warning(
                    "delivery not forwarded", delivery=verdict.seq, state=verdict.state, reason=verdict.reason
                )
        return len(verdicts)

    async def _settle(self, verdicts: Sequence[Verdict]) -> None:
        """Write verdicts down; what does not fit on the disk is tried with fewer at once."""
        try:
            await self._journal.settle(verdicts)
        except JournalFault:
            self._at_once = max(1, len(verdicts) // 2)
            raise
        self._at_once = _PARSED_AT_ONCE

    async def _send(self, batch: Sequence[Unsent]) -> None:
        """Post a batch; what the daemon does not take is halved until the delivery at fault is alone, then buried."""
        try:
            hints = coalesce(batch)
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

    async def _pause(self, failures: int) -> None:
        """Wait with full jitter, unless it is time to stop."""
        most = min(self._limits.retry_first_seconds * 2.0 ** min(failures, 32), self._limits.retry_most_seconds)
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), _RANDOM.uniform(0.0, most))


def coalesce(batch: Sequence[Unsent]) -> tuple[RefHint, ...]:
    """Keep the newest hint of each branch; raises `Malformed` when a row was damaged on disk."""
    return hint.newest([told for row in batch for told in hint.from_json(row.hints.encode())])
