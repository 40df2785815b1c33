"""The journal: SQLite, on disk and synced before any answer.

In: pieces of work on the one connection, from any coroutine. Out: their results, once the transaction that held them is
committed. One thread owns the connection and commits everything that waits together: one fsync for many deliveries.
A commit that fails is never answered with success: the connection is opened anew and all of its work raises
`JournalFault`.
"""

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from sqlite3 import Connection
from time import time
from typing import Any, TypeVar

from structlog.typing import FilteringBoundLogger

from orchestrator.errors import AnabranchError, Permanent
from orchestrator.forwarder import entries, journal_file, ledger
from orchestrator.forwarder.entries import Entry, Receipt
from orchestrator.forwarder.fault import JournalFault
from orchestrator.forwarder.ledger import Unread, Unsent, Verdict
from orchestrator.forwarder.options import Limits
from orchestrator.forwarder.room import Retention, Room

_GROUP = 512
_MANY_COMMITS = 32
_CALM_SECONDS = 0.05
T = TypeVar("T")
Work = Callable[[Connection], Any]


@dataclass(frozen=True, slots=True)
class Job:
    """A piece of work, and who waits for it in which loop."""

    work: Work
    future: asyncio.Future[Any]
    loop: asyncio.AbstractEventLoop


class Journal:
    """Deliveries on disk.

    `fault` is the reason why the last commit failed, empty when it did not; `full` tells that the last delivery found
    no room.
    """

    def __init__(self, path: Path, limits: Limits, log: FilteringBoundLogger, clock: Callable[[], float] = time):
        self.fault = ""
        self.full = False
        self._path = path
        self._limits = limits
        self._log = log
        self._clock = clock
        self._room = Room(path, limits.journal_bytes)
        self._waiting: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._started: Future[None] = Future()
        self._closing = False
        self._commits = 0
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)

    async def open(self) -> None:
        """Open or make the file; a damaged one is set aside and its intact rows are carried over.

        Raises `Permanent` when others may write the file or another process holds it, `JournalFault` when the disk
        does not take it.
        """
        self._thread.start()
        await asyncio.wrap_future(self._started)

    async def close(self) -> None:
        """Commit what waits, then close the file."""
        self._closing = True
        self._waiting.put(None)
        await asyncio.to_thread(self._thread.join)

    async def do(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in the journal's thread; returns when its transaction is on disk. Raises `JournalFault`."""
        if self._closing:
            raise JournalFault(f"{self._path}: the journal is closing")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._waiting.put(Job(work, future, loop))
        return await future

    async def record(self, group: Sequence[Entry]) -> Sequence[Receipt | None]:
        """Add verified deliveries once, None for each that finds no room. Raises `JournalFault`."""
        receipts = await self.do(lambda db: self._add(db, group))
        self.full = None in receipts
        return receipts

    async def unread(self, limit: int) -> tuple[Unread, ...]:
        """Return the oldest deliveries that wait to be parsed, as many as are small in memory."""
        return await self.do(lambda db: ledger.unread(db, limit))

    async def unsent(self) -> tuple[Unsent, ...]:
        """Return the oldest deliveries that wait to be forwarded, as many as are small in memory."""
        return await self.do(ledger.unsent)

    async def settle(self, verdicts: Sequence[Verdict], size: int) -> None:
        """Write down what became of journalled deliveries, whose bodies are of this size together."""
        await self.do(lambda db: self._settle(db, verdicts, size))

    async def acknowledge(self, seqs: Sequence[int]) -> None:
        """Mark deliveries as forwarded."""
        await self.do(lambda db: ledger.acknowledge(db, seqs, self._clock()))

    async def bury(self, seq: int, reason: str) -> None:
        """Make a parsed delivery a dead letter."""
        await self.do(lambda db: ledger.bury(db, seq, reason))

    async def revive(self) -> int:
        """Let every dead letter be parsed again; returns how many."""
        return await self.do(ledger.revive)

    async def counts(self) -> dict[str, int]:
        """Count deliveries by state."""
        return await self.do(ledger.counts)

    async def probe(self) -> None:
        """Write something, to learn whether writing works again; raises `JournalFault` when a delivery would."""
        await self.do(lambda db: ledger.probe(db, self._clock()))
        self.full = not await self.do(self._room.take_some)
        if self.full:
            raise self.no_room()

    async def trim(self) -> None:
        """Forget what is older, or more, than the limits say; deliveries are taken between two steps of it."""
        limits = self._limits
        kept = Retention(limits.keep_body_days, limits.keep_key_days, limits.keep_deliveries)
        while await self.do(lambda db: self._room.trim(db, self._clock(), kept)):
            pass
        await self.do(lambda _: self._tell_of_room())

    def _add(self, db: Connection, group: Sequence[Entry]) -> Sequence[Receipt | None]:
        """Add what there is room for; all at once, unless it becomes narrow."""
        if self._room.take(db, sum(len(entry.body) for entry in group)):
            return self._added(db, group)
        return [receipt for entry in group for receipt in self._add_one(db, entry)]

    def _add_one(self, db: Connection, entry: Entry) -> Sequence[Receipt | None]:
        return self._added(db, [entry]) if self._room.take(db, len(entry.body)) else [None]

    def _added(self, db: Connection, group: Sequence[Entry]) -> Sequence[Receipt]:
        receipts = entries.add(db, group)
        new = (entry for entry, receipt in zip(group, receipts, strict=True) if not receipt.repeated)
        self._room.unread += sum(len(entry.body) for entry in new)
        return receipts

    def _settle(self, db: Connection, verdicts: Sequence[Verdict], size: int) -> None:
        self._room.was_read(size)
        self._room.take(db, 0)
        ledger.settle(db, verdicts, self._clock())

    def _tell_of_room(self) -> None:
        forgotten = self._room.forgotten
        if forgotten.total():
            self._log.warning("the journal forgot early to make room; a larger disk would keep more", **forgotten)
        forgotten.clear()

    def no_room(self) -> JournalFault:
        """Build the error of a delivery that found no room."""
        said = "has room for nothing but what waits for the daemon; look why it takes none, or make room on the disk"
        return JournalFault(f"{self._path}: {said}")

    def _run(self) -> None:
        try:
            started = journal_file.start(self._path, self._limits.journal_bytes, self._clock, self._log)
            db: Connection | None = self._ready(started)
        except (AnabranchError, sqlite3.Error, OSError) as error:
            self._started.set_exception(error if isinstance(error, Permanent) else self._faulty(error))
            return
        self._started.set_result(None)
        running = True
        while running:
            group, running = self._next_group()
            db = self._commit(db, group) if group else self._tidied(db)
        self._tell_of_room()
        if db is not None:
            db.close()

    def _next_group(self) -> tuple[list[Job], bool]:
        """Take what waits; nothing when for a moment nothing does and SQLite's log is worth to be emptied."""
        group: list[Job] = []
        try:
            job = self._waiting.get(timeout=_CALM_SECONDS if self._commits >= _MANY_COMMITS else None)
        except queue.Empty:
            return [], True
        while job is not None:
            group.append(job)
            if len(group) == _GROUP or self._waiting.empty():
                return group, True
            job = self._waiting.get()
        return group, False

    def _commit(self, db: Connection | None, group: list[Job]) -> Connection | None:
        try:
            db = db or self._ready(journal_file.connect(self._path, self._limits.journal_bytes))
            db.execute("BEGIN IMMEDIATE")
            self._room.measure_again()
            results = [job.work(db) for job in group]
            db.execute("COMMIT")
        except Exception as error:
            fault = self._faulty(error)
            _abandon(db)
            _tell(group, lambda future, _: future.set_exception(fault), group)
            return None
        self._commits += 1
        self._well()
        _tell(group, lambda future, result: future.set_result(result), results)
        return db

    def _ready(self, db: Connection) -> Connection:
        self._room.count_unread(db)
        return db

    def _tidied(self, db: Connection | None) -> Connection | None:
        """Copy SQLite's log into its file while nobody waits, so that it seldom has to be done while somebody does."""
        self._commits = 0
        try:
            if db:
                db.execute("PRAGMA wal_checkpoint(PASSIVE)")
        except sqlite3.Error as error:
            self._faulty(error)
            _abandon(db)
            return None
        return db

    def _faulty(self, error: Exception) -> JournalFault:
        fault = JournalFault(f"{self._path}: cannot write ({error}); make room or repair the disk")
        if not self.fault:
            self._log.error("the journal cannot be written", reason=str(fault))
        self.fault = str(fault)
        return fault

    def _well(self) -> None:
        if self.fault:
            self._log.info("the journal can be written again")
        self.fault = ""


def _tell(group: Sequence[Job], say: Callable[[asyncio.Future[Any], Any], None], results: Sequence[Any]) -> None:
    """Wake everybody who waits with one call into the loop; whoever gave up waiting is left out."""

    def wake() -> None:
        for job, result in zip(group, results, strict=True):
            if not job.future.done():
                say(job.future, result)

    with suppress(RuntimeError):
        group[0].loop.call_soon_threadsafe(wake)


def _abandon(db: Connection | None) -> None:
    if db is None:
        return
    try:
        db.close()
    except sqlite3.Error:
        return
