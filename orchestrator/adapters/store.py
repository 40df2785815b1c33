"""Releases, overrides and events, on disk before anybody is told that they are.

In: records from actors, which never wait; one thread commits them in groups and answers with the message that came with
them. Questions wait for everything that was recorded before them.
"""

import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import structlog
from sqlalchemy import Connection

from orchestrator.adapters import store_questions
from orchestrator.adapters.store_writer import Writer
from orchestrator.domain.ledger import Ledger, Row
from orchestrator.domain.release import Release
from orchestrator.domain.snapshot import EventView, HistoryEntry
from orchestrator.errors import AnabranchError, Temporary

Answer = TypeVar("Answer")
Deliver = Callable[[Any, Any], None]

GROUP = 512
"""At most this many records share one commit."""
ANSWER_WITHIN = 10.0
"""Seconds that a question waits."""

_DAY = 86400.0

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Record:
    rows: tuple[Row, ...]
    reply_to: object
    reply: object
    failed: object
    context: Context = field(default_factory=copy_context)


@dataclass(frozen=True, slots=True)
class _Question:
    ask: Callable[[Connection], object]
    answer: Future[Any] = field(default_factory=Future)


_Job = _Record | _Question


class Store:
    """The one writer of the file at `path`; any thread may call.

    `deliver(address, message)` sends a message, from the store's own thread. With `threaded=False` everything happens
    in the caller, for system bases that know one thread only.
    Raises Permanent where the file is damaged, newer than this program or open to others; Temporary where it is locked.
    """

    def __init__(self, path: Path, deliver: Deliver, *, threaded: bool = True) -> None:
        self._path, self._deliver = path, deliver
        self._closing, self._gate = threading.Event(), threading.Lock()
        self._writer = Writer(path, self._closing, patience=0 if threaded else 3)
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="store", daemon=True) if threaded else None
        if self._thread:
            self._thread.start()

    @property
    def trouble(self) -> str:
        """Why nothing can be written at the moment, in one line; empty when well."""
        return self._writer.trouble

    def record(
        self, rows: tuple[Row, ...], reply_to: object = None, reply: object = None, failed: object = None
    ) -> None:
        """Write all rows or none, then deliver `reply` to `reply_to`; or `failed`, when they can never be written.

        A full disk or a locked file is waited for: neither message comes before that ends or the store is closed.
        """
        self._do(_Record(rows, reply_to, reply, failed))

    def load(self, environment: str, service: str) -> Ledger:
        """Read what a Service actor starts from. Raises Temporary when there is no answer in time."""
        return self._ask(lambda c: store_questions.load(c, environment, service))

    def living(self, environment: str) -> tuple[Release, ...]:
        """Read the newest release of each service in an environment. Raises Temporary when there is no answer."""
        return self._ask(lambda c: store_questions.living(c, environment))

    def environments(self) -> tuple[tuple[str, str], ...]:
        """Name (environment, branch) wherever a release lives. Raises Temporary when there is no answer in time."""
        return self._ask(store_questions.environments)

    def history(self, environment: str, service: str) -> tuple[HistoryEntry, ...]:
        """Read the releases of a service, newest first. Raises Temporary when there is no answer in time."""
        return self._ask(lambda c: store_questions.history(c, environment, service))

    def events(self, environment: str | None, limit: int) -> tuple[EventView, ...]:
        """Read the newest `limit` events, oldest first. Raises Temporary when there is no answer in time."""
        return self._ask(lambda c: store_questions.events(c, environment, limit))

    def settle(self) -> None:
        """Wait until everything recorded before is on disk. Raises Temporary when that takes too long."""
        self._ask(lambda _connection: None)

    def purge(self, now: float, *, days: float = 30.0, event_days: float = 30.0, releases_kept: int = 100) -> None:
        """Forget overrides of what was removed `days` ago, events of `event_days` ago, and surplus releases."""
        overrides_before, events_before = now - days * _DAY, now - event_days * _DAY
        self._ask(lambda c: store_questions.purge(c, overrides_before, events_before, releases_kept))

    def close(self) -> None:
        """Write what waits, as far as it can be written at once, and end; later records are refused."""
        with self._gate:
            if self._closing.is_set():
                return
            self._closing.set()
            self._jobs.put(None)
        if self._thread:
            self._thread.join()
        self._writer.close()

    def _ask(self, ask: Callable[[Connection], Answer]) -> Answer:
        question = _Question(ask)
        self._do(question)
        try:
            answer: Answer = question.answer.result(timeout=ANSWER_WITHIN)
        except TimeoutError:
            why = self.trouble or f"{self._path}: busy"
            raise Temporary(f"{why}; no answer within {ANSWER_WITHIN:g} s") from None
        return answer

    def _do(self, job: _Job) -> None:
        with self._gate:
            closed = self._closing.is_set()
            if self._thread and not closed:
                self._jobs.put(job)
        if closed:
            self._refuse(job, Temporary(f"{self._path}: the store is closed"))
        elif not self._thread:
            self._work([job])

    def _run(self) -> None:
        while jobs := self._take():
            self._work([job for job in jobs if job])
            if jobs[-1] is None:
                return

    def _take(self) -> list[_Job | None]:
        """Wait for a job, then take along what else is there, up to the end (None) or a full group."""
        taken = [self._jobs.get()]
        while taken[-1] is not None and len(taken) < GROUP and not self._jobs.empty():
            taken.append(self._jobs.get())
        return taken

    def _work(self, jobs: Sequence[_Job]) -> None:
        records: list[_Record] = []
        for job in jobs:
            if isinstance(job, _Record):
                records.append(job)
                continue
            self._write(records)
            records = []
            self._reply(job)
        self._write(records)

    def _write(self, records: Sequence[_Record]) -> None:
        outcomes = self._writer.commit(tuple(record.rows for record in records)) if records else ()
        for record, error in zip(records, outcomes, strict=True):
            if error:
                self._refuse(record, error)
            else:
                self._tell(record, record.reply)

    def _reply(self, question: _Question) -> None:
        try:
            question.answer.set_result(self._writer.ask(question.ask))
        except AnabranchError as error:
            question.answer.set_exception(error)

    def _refuse(self, job: _Job, error: AnabranchError) -> None:
        if isinstance(job, _Question):
            job.answer.set_exception(error)
            return
        _log.error("not recorded", reason=str(error), rows=[type(row).__name__ for row in job.rows])
        self._tell(job, job.failed)

    def _tell(self, record: _Record, message: object) -> None:
        """Deliver an answer as if its asker's context sent it, so that it belongs to what led to the record."""
        if record.reply_to is None or message is None:
            return
        try:
            record.context.run(self._deliver, record.reply_to, message)
        except Exception:  # a lost answer must not end the one thread that writes
            _log.exception("answer not delivered", message=type(message).__name__)
