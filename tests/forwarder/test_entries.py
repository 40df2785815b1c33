"""Deliveries that are written down together: each once, numbered without a gap, none mistaken for another."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import structlog

from orchestrator.domain.delivery import State
from orchestrator.domain.hint import RefHint
from orchestrator.forwarder.entries import Entry, Receipt
from orchestrator.forwarder.journal import _MANY_COMMITS, Journal
from orchestrator.forwarder.ledger import Verdict
from orchestrator.forwarder.options import Limits
from tests.eventually import eventually

DONE = ("forwarded", "ignored", "refused", "dead")


@contextlib.asynccontextmanager
async def journal_in(directory: Path, limits: Limits | None = None) -> AsyncIterator[Journal]:
    opened = Journal(directory / "journal" / "journal.db", limits or Limits(), structlog.get_logger())
    await opened.open()
    try:
        yield opened
    finally:
        await opened.close()


def entry(key: str, body: bytes = b"{}") -> Entry:
    return Entry("local", key, 1.0, "{}", body)


async def record(journal: Journal, *entries: Entry) -> list[Receipt | None]:
    return list(await journal.record(entries))


async def test_new_ones_are_numbered_in_the_order_in_which_they_came(tmp_path: Path) -> None:
    async with journal_in(tmp_path) as journal:
        assert await record(journal, entry("a"), entry("b")) == [Receipt(1), Receipt(2)]
        assert await record(journal, entry("c"), entry("d")) == [Receipt(3), Receipt(4)]
        assert [row.seq for row in await journal.unread(9)] == [1, 2, 3, 4]


async def test_a_known_one_among_new_ones_leaves_no_gap(tmp_path: Path) -> None:
    known, conflict = Receipt(1, repeated=True), Receipt(3, conflict=True)
    async with journal_in(tmp_path) as journal:
        await record(journal, entry("a"))
        assert await record(journal, entry("b"), entry("a"), entry("a", b"[]")) == [Receipt(2), known, conflict]
        again = Receipt(4, repeated=True)
        assert await record(journal, entry("c"), entry("c"), entry("d")) == [Receipt(4), again, Receipt(5)]


async def test_each_keeps_its_own_body(tmp_path: Path) -> None:
    async with journal_in(tmp_path) as journal:
        await record(journal, entry("a", b"1"), entry("b", b"2"), entry("a", b"3"))
        assert [(row.body, row.intact) for row in await journal.unread(9)] == [(b, True) for b in (b"1", b"2", b"3")]


async def test_of_those_that_come_together_as_many_are_taken_as_there_is_room_for(tmp_path: Path) -> None:
    async with journal_in(tmp_path, Limits(journal_bytes=600_000)) as journal:
        found = await record(journal, *(entry(str(number), b"x" * 40_000) for number in range(20)))
        taken = [receipt for receipt in found if receipt]
        assert 0 < len(taken) < 20
        assert [row.seq for row in await journal.unread(99)] == [receipt.seq for receipt in taken]


async def test_what_is_in_the_log_moves_into_the_file_once_nobody_writes(tmp_path: Path) -> None:
    async with journal_in(tmp_path) as journal:
        for number in range(_MANY_COMMITS):
            await record(journal, entry(str(number), b"x" * 40_000))
        file = tmp_path / "journal" / "journal.db"
        await asyncio.to_thread(eventually, lambda: file.stat().st_size > _MANY_COMMITS * 40_000)
        assert await record(journal, entry("another")) == [Receipt(_MANY_COMMITS + 1)]


async def test_what_was_taken_finds_room_for_what_is_read_in_it(tmp_path: Path) -> None:
    taken = list[int]()
    async with journal_in(tmp_path, Limits(journal_bytes=600_000)) as journal:
        while receipt := (await record(journal, entry(str(len(taken)), b"x" * 10_000)))[0]:
            taken.append(receipt.seq)
        hints = tuple(
            RefHint("app", f"refs/heads/{number}-{'x' * 900}", deleted=False, delivery="1") for number in range(9)
        )
        await journal.settle([Verdict(seq, State.PARSED, hints=hints) for seq in taken], 10_000 * len(taken))
        assert await journal.counts() == {"journalled": 0, "parsed": len(taken)} | dict.fromkeys(DONE, 0)
    assert len(taken) > 10
