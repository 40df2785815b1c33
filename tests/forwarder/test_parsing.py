"""When journalled deliveries are read: at the end of a burst, and in time also when it does not end."""

import asyncio
from pathlib import Path

import structlog

from orchestrator.domain.webhook import Hook
from orchestrator.forwarder.hooks import Hooks
from orchestrator.forwarder.journal import Journal
from orchestrator.forwarder.ledger import Entry
from orchestrator.forwarder.options import Limits
from orchestrator.forwarder.parsing import Parsing

BODY = b'{"repository": "app", "changes": []}'


async def test_a_flood_that_does_not_end_keeps_no_delivery_unread(tmp_path: Path) -> None:
    log, parsed, loop = structlog.get_logger(), asyncio.Event(), asyncio.get_running_loop()
    journal = Journal(tmp_path / "journal" / "journal.db", Limits(), log)
    await journal.open()
    parsing = Parsing(
        journal, Hooks((Hook("local", "post-receive", (bytes(32),), {"app": "app"}),)), parsed.set, Limits(), log
    )

    def flood() -> None:
        parsing.wake()
        if not parsed.is_set():
            loop.call_later(0.001, flood)

    await journal.record([Entry("local", "1", 1.0, {}, BODY)])
    parsing.wake()
    flood()
    task = asyncio.create_task(parsing.run())
    try:
        await asyncio.wait_for(parsed.wait(), 10)
    finally:
        parsed.set()
        parsing.stop()
        await task
        await journal.close()
