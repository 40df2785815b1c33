"""Hooks from the settings, read again while the forwarder runs: what is wrong in there changes nothing.

In: a way to read them anew. Out: what is new, after all hooks were exchanged at once; no request is refused meanwhile.
Everything else in the settings counts from the next start on.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from structlog.typing import FilteringBoundLogger

from orchestrator.domain.delivery import Reloaded
from orchestrator.domain.webhook import Hook
from orchestrator.errors import AnabranchError
from orchestrator.forwarder.hooks import Hooks
from orchestrator.forwarder.journal import Journal
from orchestrator.forwarder.parsing import Parsing

ReadHooks = Callable[[], Sequence[Hook]]


class Reload:
    """`exchange` returns once git hosts are answered by the new hooks. Dead letters are tried with them."""

    def __init__(
        self,
        hooks: Hooks,
        read: ReadHooks,
        exchange: Callable[[], Awaitable[None]],
        journal: Journal,
        parsing: Parsing,
        log: FilteringBoundLogger,
    ) -> None:
        self._hooks = hooks
        self._read = read
        self._exchange = exchange
        self._journal = journal
        self._parsing = parsing
        self._log = log
        self._one_at_a_time = asyncio.Lock()

    async def now(self) -> Reloaded:
        """Exchange the hooks; raises what reading the settings raises, and then the hooks of before stay."""
        async with self._one_at_a_time:
            done = self._hooks.exchange(await asyncio.to_thread(self._read))
            await self._exchange()
        await self._journal.revive()
        self._parsing.wake()
        self._log.info("the hooks were read again", added=done.added, changed=done.changed, removed=done.removed)
        return done

    async def whenever(self, asked: asyncio.Event) -> None:
        """Exchange the hooks whenever `asked` is set; what goes wrong is logged."""
        while True:
            await asked.wait()
            asked.clear()
            try:
                await self.now()
            except AnabranchError as error:
                self._log.error("the hooks were not read again", reason=str(error))
