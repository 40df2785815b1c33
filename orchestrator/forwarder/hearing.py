"""What the receiver process says, heard: entries and refusals to the desk, and answers back.

In: frames of one process. Out: receipts for what is on disk, events that its keeper waits for. The process that git
hosts reach is believed no more than it must be: what it says in another shape ends it.
"""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any

from structlog.typing import FilteringBoundLogger

from orchestrator.forwarder.desk import Desk
from orchestrator.forwarder.entries import Entry
from orchestrator.forwarder.fault import JournalFault
from orchestrator.forwarder.link import Frame, Link

_GROUP = 512
_NO_ROOM = "the journal is full"
_OTHER_SHAPE = (ValueError, TypeError, IndexError, KeyError, AttributeError)


class Hearing:
    """`listening` is set once requests are accepted, `exchanged` after new hooks, `ended` when the process is gone."""

    def __init__(self, desk: Desk, log: FilteringBoundLogger) -> None:
        self.listening, self.exchanged, self.ended = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self.link = Link(self._heard, self.ended.set)
        self._desk = desk
        self._log = log
        self._arrived: list[tuple[int, Entry]] = []
        self._recording: asyncio.Task[None] | None = None
        self._tasks = set[asyncio.Task[None]]()

    async def finish(self) -> None:
        """Wait until nothing of what was heard is being worked on."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    def _heard(self, frames: Sequence[Frame]) -> None:
        try:
            for words, body in frames:
                self._hear(body, *words)
        except _OTHER_SHAPE as error:
            self._log.error("the receiver speaks in a wrong way, and is ended", reason=type(error).__name__)
            self.link.abort()
        if self._arrived and not (self._recording and not self._recording.done()):
            self._recording = self._begin(self._record())

    def _hear(self, body: bytes, number: int, what: str, *values: Any) -> None:
        match what:
            case "record":
                hook, key, received_at, headers, secret = values
                entry = _entry(hook, key, received_at, headers, body)
                self._desk.accepted(entry.hook, secret, entry.received_at)
                self._arrived.append((number, entry))
            case "accepted":
                self._desk.accepted(*values)
            case "refused":
                self._desk.refused(*values)
            case "ready":
                self._begin(self._answer(number, self._desk.ready()))
            case "alive":
                self._begin(self._answer(number, self._desk.alive()))
            case "listening":
                self.listening.set()
            case "exchanged":
                self.exchanged.set()
            case _:
                raise ValueError(what)

    async def _record(self) -> None:
        """Keep what has come together in one transaction, and so on until nothing more has come."""
        while self._arrived:
            group, self._arrived = self._arrived[:_GROUP], self._arrived[_GROUP:]
            self._say(await self._answers(group))

    async def _answers(self, group: Sequence[tuple[int, Entry]]) -> list[tuple[Any, ...]]:
        try:
            receipts = await self._desk.record([entry for _, entry in group])
        except JournalFault as error:
            return [(number, str(error), None) for number, _ in group]
        return [
            (number, "", (got.seq, got.repeated, got.conflict)) if got else (number, _NO_ROOM, None)
            for (number, _), got in zip(group, receipts, strict=True)
        ]

    async def _answer(self, number: int, asked: Coroutine[Any, Any, None]) -> None:
        fault = ""
        try:
            await asked
        except JournalFault as error:
            fault = str(error)
        self._say([(number, fault, None)])

    def _say(self, answers: Sequence[tuple[Any, ...]]) -> None:
        self.link.say(("answers", answers))

    def _begin(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


def _entry(hook: str, key: str, received_at: float, headers: str, body: bytes) -> Entry:
    if not all(isinstance(text, str) for text in (hook, key, headers)) or not isinstance(received_at, int | float):
        raise TypeError("an entry of another shape")
    return Entry(hook, key, received_at, headers, body)
