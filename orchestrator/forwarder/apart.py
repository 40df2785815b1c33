"""The receiver process, kept: started, told of hooks, started again when it ends, stopped.

In: sockets that git hosts connect to, and what the process says. Out: what it verified and refused, at the desk, and
answers to it. It is believed no more than it must be: what it says in a wrong way ends it.
"""

import asyncio
import socket
import subprocess
import sys
from collections.abc import Coroutine, Sequence
from typing import Any

from structlog.typing import FilteringBoundLogger

from orchestrator.errors import Temporary
from orchestrator.forwarder.desk import Desk
from orchestrator.forwarder.hooks import Hooks
from orchestrator.forwarder.journal import JournalFault
from orchestrator.forwarder.ledger import Entry
from orchestrator.forwarder.link import Frame, Link
from orchestrator.forwarder.options import Limits, LogForm
from orchestrator.forwarder.spoken import hook_to, limits_to

_MODULE = "orchestrator.forwarder.receiver_process"
_START_SECONDS = 30.0
_PAUSE_SECONDS = 1.0
_LAST_SECONDS = 2.0
_NO_ROOM = "the journal is full"


class Apart:
    """One receiver process at a time, between `start` and `stop`."""

    def __init__(
        self,
        desk: Desk,
        hooks: Hooks,
        limits: Limits,
        sockets: Sequence[socket.socket],
        form: LogForm,
        log: FilteringBoundLogger,
    ) -> None:
        self._desk = desk
        self._hooks = hooks
        self._limits = limits
        self._sockets = sockets
        self._form = form
        self._log = log
        self._tasks = set[asyncio.Task[None]]()
        self._exchanging = asyncio.Lock()
        self._stopping = False

    async def start(self) -> None:
        """Start the process; returns once it accepts requests. Raises `Temporary` when it does not."""
        self._listening, self._exchanged = asyncio.Event(), asyncio.Event()
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = self._spawn(theirs)
        self._ended = asyncio.Event()
        self._link = Link(self._heard, self._ended.set)
        await asyncio.get_running_loop().create_unix_connection(lambda: self._link, sock=ours)
        self._link.say(("begin", self._beginning()))
        await self._unless_ended(self._listening, _START_SECONDS)

    async def keep(self) -> None:
        """Start the process again whenever it ends, until `stop`."""
        while True:
            await self._ended.wait()
            if self._stopping:
                return
            self._log.error("the receiver ended, and is started again", status=await self._reap())
            await asyncio.sleep(_PAUSE_SECONDS)
            try:
                await self.start()
            except Temporary as error:
                self._log.error("the receiver was not started", reason=str(error))
                self._process.kill()

    async def exchange(self) -> None:
        """Have the process serve the hooks of now; returns once it does."""
        async with self._exchanging:
            self._exchanged.clear()
            self._link.say(("hooks", [hook_to(hook) for hook in self._hooks.current.values()]))
            await self._unless_ended(self._exchanged, _START_SECONDS)

    async def stop(self) -> None:
        """Accept nothing more, answer what was begun, and end the process."""
        self._stopping = True
        for taken in self._sockets:
            taken.close()
        self._link.say(("stop",))
        try:
            await asyncio.wait_for(self._ended.wait(), self._limits.stop_seconds + _LAST_SECONDS)
        except TimeoutError:
            self._process.kill()
        await self._reap()
        if self._tasks:
            await asyncio.wait(self._tasks)

    def _spawn(self, link: socket.socket) -> subprocess.Popen[bytes]:
        descriptors = [link.fileno(), *(taken.fileno() for taken in self._sockets)]
        words = (sys.executable, "-P", "-m", _MODULE, *map(str, descriptors))
        return subprocess.Popen(words, stdin=subprocess.DEVNULL, pass_fds=descriptors)

    def _beginning(self) -> dict[str, Any]:
        hooks = tuple(self._hooks.current.values())
        return {
            "log_level": self._form.level,
            "log_format": self._form.form,
            "hooks": [hook_to(hook) for hook in hooks],
            "limits": limits_to(self._limits),
        }

    async def _reap(self) -> int:
        return await asyncio.to_thread(self._process.wait)

    async def _unless_ended(self, event: asyncio.Event, seconds: float) -> None:
        waits = [asyncio.create_task(each.wait()) for each in (event, self._ended)]
        try:
            await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in waits:
                each.cancel()
        if not event.is_set():
            raise Temporary("forwarder: the receiver process ended, or does not answer; its log says why")

    # What the process says

    def _heard(self, frames: Sequence[Frame]) -> None:
        try:
            entries = [(words[0], _entry(words, body)) for words, body in frames if words[1] == "record"]
            for words, _ in frames:
                self._hear(*words)
        except (ValueError, TypeError, IndexError, KeyError, AttributeError) as error:
            self._log.error("the receiver speaks in a wrong way, and is ended", reason=type(error).__name__)
            self._process.kill()
            return
        if entries:
            self._begin(self._record(entries))

    def _hear(self, number: int, what: str, *values: Any) -> None:
        match what:
            case "record":
                hook, _, received_at, _, secret = values
                self._desk.accepted(hook, secret, received_at)
            case "accepted":
                self._desk.accepted(*values)
            case "refused":
                self._desk.refused(*values)
            case "ready":
                self._begin(self._answer(number, self._desk.ready()))
            case "alive":
                self._begin(self._answer(number, self._desk.alive()))
            case "listening":
                self._listening.set()
            case "exchanged":
                self._exchanged.set()
            case _:
                raise ValueError(what)

    async def _record(self, entries: Sequence[tuple[int, Entry]]) -> None:
        """Keep what came together in one transaction, and answer for all of it at once."""
        link = self._link
        try:
            receipts = await self._desk.record_all([entry for _, entry in entries])
        except JournalFault as error:
            link.say(("answers", [(number, str(error), None) for number, _ in entries]))
            return
        answers = [
            (number, "" if got else _NO_ROOM, (got.seq, got.repeated, got.conflict) if got else None)
            for (number, _), got in zip(entries, receipts, strict=True)
        ]
        link.say(("answers", answers))

    async def _answer(self, number: int, asked: Coroutine[Any, Any, None]) -> None:
        link, fault = self._link, ""
        try:
            await asked
        except JournalFault as error:
            fault = str(error)
        link.say(("answers", [(number, fault, None)]))

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _entry(words: Sequence[Any], body: bytes) -> Entry:
    _, _, hook, key, received_at, headers, _ = words
    if not (isinstance(hook, str) and isinstance(key, str) and isinstance(received_at, int | float)):
        raise TypeError("an entry of another shape")
    return Entry(hook, key, received_at, {name: tuple(values) for name, values in headers.items()}, body)
