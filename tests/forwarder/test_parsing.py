"""When journalled deliveries are read: at the end of a burst, and in time also when it does not end."""

import asyncio
from pathlib import Path

import structlog

from orchestrator.domain.webhook import Hook
from orchestrator.forwarder.daemon_client import DaemonClient
from orchestrator.forwarder.entries import Entry
from orchestrator.forwarder.forward import Forward
from orchestrator.forwarder.hooks import Hooks
from orchestrator.forwarder.journal import Journal
from orchestrator.forwarder.ledger import Unread
from orchestrator.forwarder.options import DaemonTarget, Limits
from orchestrator.forwarder.parsing import Parsing

BODY = b'{"repository": "app", "changes": []}'


async def test_a_flood_that_does_not_end_keeps_no_delivery_unread(tmp_path: Path) -> None:
    log, parsed, loop = structlog.get_logger(), asyncio.Event(), asyncio.get_running_loop()
    journal = Journal(tmp_path / "journal" / "journal.db", Limits(), log)
    await journal.open()
    hooks = Hooks((Hook("local", "post-receive", (bytes(32),), {"app": "app"}),))
    daemon = DaemonClient(DaemonTarget(socket=tmp_path / "nobody.sock"))
    forward = Forward(journal, daemon, parsed.clear, Limits(), log)
    parsing = Parsing(journal, hooks, forward, parsed.set, Limits(), log)

    def flood() -> None:
        parsing.came([row] * 10)
        if not parsed.is_set():
            loop.call_later(0.001, flood)

    (receipt,) = await journal.record([Entry("local", "1", 1.0, "{}", BODY)])
    assert receipt
    row = Unread(receipt.seq, "local", "{}", BODY)
    flood()
    task = asyncio.create_task(parsing.run())
    try:
        await asyncio.wait_for(parsed.wait(), 10)
    finally:
        parsed.set()
        parsing.stop()
        await task
        await daemon.close()
        await journal.close()
