"""Journal → hints: every journalled delivery is read once, whether or not the daemon is there to be told.

In: rows that the receiver wrote. Out: a verdict on each, written down; `parsed` is called when there is one to forward.
"""

from collections.abc import Callable, Sequence

from structlog.typing import FilteringBoundLogger

from orchestrator.domain.delivery import State
from orchestrator.forwarder.hooks import Hooks
from orchestrator.forwarder.journal import Journal, JournalFault
from orchestrator.forwarder.ledger import Verdict
from orchestrator.forwarder.options import Limits
from orchestrator.forwarder.reading import read
from orchestrator.forwarder.turns import Turns

_AT_ONCE = 64


class Parsing(Turns):
    """One loop; `wake` it after each delivery."""

    def __init__(
        self, journal: Journal, hooks: Hooks, parsed: Callable[[], None], limits: Limits, log: FilteringBoundLogger
    ) -> None:
        super().__init__(self._parse, "deliveries wait to be parsed", limits, log)
        self._journal = journal
        self._hooks = hooks
        self._parsed = parsed
        self._at_once = _AT_ONCE

    async def _parse(self) -> bool:
        rows = await self._journal.unread(self._at_once)
        verdicts = [read(self._hooks.current, row) for row in rows]
        if verdicts:
            await self._settle(verdicts)
            self._parsed()
        for verdict in verdicts:
            if verdict.state in {State.DEAD, State.REFUSED}:
                self._log.warning(
                    "delivery not forwarded", delivery=verdict.seq, state=verdict.state, reason=verdict.reason
                )
        return bool(verdicts)

    async def _settle(self, verdicts: Sequence[Verdict]) -> None:
        """Write verdicts down; what does not fit on the disk is tried with fewer at once."""
        try:
            await self._journal.settle(verdicts)
        except JournalFault:
            self._at_once = max(1, len(verdicts) // 2)
            raise
        self._at_once = _AT_ONCE
