"""What the journal forgets, and that the disk gets its room back; what waits for the daemon is never touched."""

import os
import time
from pathlib import Path

import structlog

from orchestrator.domain.delivery import State
from orchestrator.forwarder import register
from orchestrator.forwarder.entries import Entry
from orchestrator.forwarder.journal import Journal
from orchestrator.forwarder.ledger import Verdict
from orchestrator.forwarder.options import Limits

DAY = 86_400


async def filled(path: Path, limits: Limits, count: int, age: float = 0.0) -> Journal:
    """A journal with `count` deliveries of `age` seconds: the first three wait for the daemon, the others are done."""
    journal = Journal(path, limits, structlog.wrap_logger(None, processors=[drop]))
    await journal.open()
    for number in range(count):
        body = os.urandom(20_000)
        (receipt,) = await journal.record([Entry("gh", str(number), time.time() - age, "{}", body)])
        assert receipt
        await journal.settle([Verdict(receipt.seq, State.PARSED if number < 3 else State.FORWARDED)], len(body))
    return journal


def drop(*_: object) -> str:
    raise structlog.DropEvent


async def test_more_deliveries_than_are_kept_are_forgotten_and_the_file_shrinks(tmp_path: Path) -> None:
    path = tmp_path / "j" / "journal.db"
    journal = await filled(path, Limits(keep_deliveries=20), 150)
    await journal.trim()
    counts = await journal.counts()
    kept = await journal.do(lambda db: register.newest(db, limit=1000))
    await journal.close()
    assert (counts["parsed"], counts["forwarded"]) == (3, 20)
    assert [view.delivery for view in kept[:20]] == list(range(150, 130, -1))
    assert path.stat().st_size < 40 * 20_000


async def test_old_bodies_go_first_and_the_ids_that_a_retry_repeats_later(tmp_path: Path) -> None:
    journal = await filled(tmp_path / "j" / "journal.db", Limits(), 20, age=8 * DAY)
    await journal.trim()
    views = await journal.do(lambda db: register.newest(db, limit=1000))
    await journal.close()
    assert len(views) == 20
    assert {view.bytes for view in views} == {0}


async def test_after_a_month_all_is_forgotten_but_what_waits(tmp_path: Path) -> None:
    journal = await filled(tmp_path / "j" / "journal.db", Limits(), 20, age=31 * DAY)
    await journal.trim()
    views = await journal.do(lambda db: register.newest(db, limit=1000))
    await journal.close()
    assert [view.state for view in views] == [State.PARSED] * 3
