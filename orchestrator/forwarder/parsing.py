"""Journal → hints: every journalled delivery is read once, whether or not the daemon is there to be told.

In: deliveries that the receiver wrote down. Out: a verdict on each, written down, as a rule after the daemon was told;
`marked` is called then. A burst is taken first and read at its end, but none of it waits longer than two seconds, and
none once memory is half full of it.
"""

import asyncio
from collections.abc import Callable, Sequence

from structlog.typing import FilteringBoundLogger

from orchestrator.domain.delivery import State
from orchestrator.forwarder.fault import JournalFault
from orchestrator.forwarder.forward import Forward
from orchestrator.forwarder.fresh import Fresh
from orchestrator.forwarder.hooks import Hooks
from orchestrator.forwarder.journal import Journal
from orchestrator.forwarder.ledger import Unread, Verdict
from orchestrator.forwarder.options import Limits
from orchestrator.forwarder.reading import read
from orchestrator.forwarder.turns import Turns

_AT_ONCE = 256
_BETWEEN_ANSWERS = 8
_LULL_SECONDS = 0.02
_MOST_LULLS = 100
_BURST = 8


class Parsing(Turns):
    """One loop; tell it what `came`, or `wake` it to read the journal."""

    def __init__(
        self,
        journal: Journal,
        hooks: Hooks,
        forward: Forward,
        marked: Callable[[], None],
        limits: Limits,
        log: FilteringBoundLogger,
    ) -> None:
        super().__init__(self._parse, "deliveries wait to be parsed", limits, log)
        self._journal = journal
        self._hooks = hooks
        self._forward = forward
        self._marked = marked
        self._fresh = Fresh()
        self._at_once = _AT_ONCE
        self._came = 0
        self._full = False

    def came(self, rows: Sequence[Unread]) -> None:
        """Hand deliveries over that were just written down."""
        self._fresh.came(rows)
        self._came += len(rows)
        super().wake()

    def wake(self) -> None:
        """Say that the journal holds what nobody handed over."""
        self._fresh.lose()
        super().wake()

    async def _parse(self) -> bool:
        if self._came > 1 and not self._full:
            await self._lull()
        self._came = 0
        rows = await self._next()
        self._full = len(rows) == self._at_once
        verdicts = await self._read(rows)
        if verdicts:
            await self._settle(await self._forward.at_once(verdicts), sum(len(row.body) for row in rows))
            self._marked()
        for verdict in verdicts:
            if verdict.state in {State.DEAD, State.REFUSED}:
                self._log.warning(
                    "delivery not forwarded", delivery=verdict.seq, state=verdict.state, reason=verdict.reason
                )
        return bool(verdicts) or self._fresh.behind

    async def _next(self) -> Sequence[Unread]:
        if not self._fresh.behind:
            return self._fresh.take(self._at_once)
        self._fresh.begin_reading()
        rows = await self._journal.unread(self._at_once)
        self._fresh.was_read(rows)
        return rows or self._fresh.take(self._at_once)

    async def _lull(self) -> None:
        """Wait until few came for a moment, or for long enough."""
        for _ in range(_MOST_LULLS):
            before = self._came
            await asyncio.sleep(_LULL_SECONDS)
            if self._came < before + _BURST or self._fresh.is_half_full:
                break

    async def _read(self, rows: Sequence[Unread]) -> list[Verdict]:
        """Read rows, a few between the answers to git hosts."""
        verdicts = list[Verdict]()
        for start in range(0, len(rows), _BETWEEN_ANSWERS):
            verdicts += [read(self._hooks.current, row) for row in rows[start : start + _BETWEEN_ANSWERS]]
            await asyncio.sleep(0)
        return verdicts

    async def _settle(self, verdicts: Sequence[Verdict], size: int) -> None:
        """Write verdicts down; what does not fit on the disk is tried with fewer at once."""
        try:
            await self._journal.settle(verdicts, size)
        except JournalFault:
            self._fresh.lose()
            self._at_once = max(1, len(verdicts) // 2)
            raise
        self._at_once = _AT_ONCE
        if any(verdict.state is State.PARSED for verdict in verdicts):
            self._forward.wake()
        if told := sum(verdict.state is State.FORWARDED for verdict in verdicts):
            self._log.info("forwarded", deliveries=told)
