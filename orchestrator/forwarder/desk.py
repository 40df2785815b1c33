"""What becomes of a delivery that the receiver has verified, and of a request that it refused.

In: entries and refusals. Out: receipts once the entries are on disk, word to whoever reads them, figures for
`hook list`, and log lines.
"""

from collections import Counter
from collections.abc import Callable, Sequence

from structlog.typing import FilteringBoundLogger

from orchestrator.forwarder.entries import Entry, Receipt
from orchestrator.forwarder.hooks import Hooks
from orchestrator.forwarder.journal import Journal

Arrived = Callable[[Sequence[tuple[Entry, Receipt]]], None]


class Desk:
    """`arrived` is called with deliveries that are on disk."""

    def __init__(self, hooks: Hooks, journal: Journal, arrived: Arrived, log: FilteringBoundLogger) -> None:
        self._hooks = hooks
        self._journal = journal
        self._arrived = arrived
        self._log = log
        self._refusals: Counter[tuple[str, int]] = Counter()

    async def record(self, entries: Sequence[Entry]) -> Sequence[Receipt | None]:
        """Keep deliveries in one transaction; None for each that finds no room. Raises `JournalFault`."""
        receipts = await self._journal.record(entries)
        kept = [(entry, receipt) for entry, receipt in zip(entries, receipts, strict=True) if receipt]
        self._arrived(kept)
        for entry, receipt in kept:
            self._tell(entry, receipt)
        return receipts

    async def ready(self) -> None:
        """Return when a delivery would be kept; raises `JournalFault`."""
        if self._journal.fault or self._journal.full:
            await self._journal.probe()

    async def alive(self) -> None:
        """Return, because this turns."""

    def accepted(self, hook: str, secret: int | None, at: float) -> None:
        """Count a verified delivery; `secret` tells which of the hook's it showed, None for one of our own trials."""
        self._hooks.accepted(hook, secret, at)

    def refused(self, hook: str, status: int, reason: str, at: float) -> None:
        """Count a refusal; `hook` is empty when none was meant that there is."""
        self._hooks.refused(hook, f"{status}: {reason}", at)
        if not self._refusals[hook, status]:
            self._log.warning("a request was refused", hook=hook, status=status)
        self._refusals[hook, status] += 1

    def report(self) -> None:
        """Log how often each hook refused since the last report, and start counting anew."""
        for (hook, status), times in sorted(self._refusals.items()):
            self._log.warning("deliveries were refused", hook=hook, status=status, times=times)
        self._refusals.clear()

    def _tell(self, entry: Entry, receipt: Receipt) -> None:
        say = self._log.warning if receipt.conflict else self._log.debug
        say("delivery", hook=entry.hook, delivery=receipt.seq, repeated=receipt.repeated, conflict=receipt.conflict)
