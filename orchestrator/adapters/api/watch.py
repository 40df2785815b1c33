"""The event stream: the pictures of now, then each one that changes, as server-sent events.

In: changes that the board calls out from any thread. Out: `environment`, `removed` and `happened` events.
A slow reader misses intermediate pictures, never the newest one; one that reads nothing at all is hung up on. A reader
that comes back starts from an empty picture.
"""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import NoReturn

from aiohttp import web

from orchestrator.adapters.api.answers import encode
from orchestrator.adapters.api.board import Board
from orchestrator.domain.snapshot import EnvironmentView, EventView
from orchestrator.errors import Temporary

KEEP_ALIVE_SECONDS = 15.0
_PACE_SECONDS = 0.01
"""What changes again in so short a time is sent once."""
_MOST_PENDING = 1000
_MOST_READERS = 256


class Pending:
    """What a reader has not been sent yet: the newest picture of each environment, and the newest events.

    Any thread may offer; one task takes. `call` has a function run on the event loop.
    """

    def __init__(self, call: Callable[[Callable[[], None]], object], give_up: Callable[[], None]) -> None:
        self._call, self._give_up = call, give_up
        self._lock = threading.Lock()
        self._changes: dict[tuple[str, str | int], object] = {}
        self._arrived = asyncio.Event()

    def offer(self, change: object) -> None:
        """Keep a change, in place of an older one of the same environment."""
        key = _key(change)
        with self._lock:
            first = not self._changes
            self._changes.pop(key, None)
            self._changes[key] = change
            if len(self._changes) > _MOST_PENDING:
                self._make_room()
        if first:
            self._call(self._arrived.set)

    async def take(self, seconds: float) -> tuple[object, ...]:
        """Wait for changes and take them all; none after `seconds`."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._arrived.wait(), seconds)
        self._arrived.clear()
        with self._lock:
            taken = tuple(self._changes.values())
            self._changes.clear()
        return taken

    def _make_room(self) -> None:
        oldest = next((key for key in self._changes if key[0] == "happened"), None)
        if oldest:
            del self._changes[oldest]
        elif sum(not isinstance(change, EnvironmentView) for change in self._changes.values()) > _MOST_PENDING:
            self._call(self._give_up)


class Watch:
    """GET /v1/watch?environment="""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._readers = 0

    def routes(self) -> tuple[web.RouteDef, ...]:
        """The path that is answered here."""
        return (web.get("/v1/watch", self.watch),)

    async def watch(self, request: web.Request) -> NoReturn:
        """Stream until the reader leaves or the daemon stops; an environment may come into being meanwhile."""
        if self._readers >= _MOST_READERS:
            raise Temporary("too many readers watch; end one and try again")
        self._readers += 1
        try:
            await self._stream(request, _Wanted(self._board, request.query.get("environment", "")))
        finally:
            self._readers -= 1

    async def _stream(self, request: web.Request, wanted: "_Wanted") -> NoReturn:
        """Listen before the answer begins: what happens after its first byte is in it."""
        loop = asyncio.get_running_loop()

        def call(function: Callable[[], None]) -> None:
            with contextlib.suppress(RuntimeError):  # the daemon stops
                loop.call_soon_threadsafe(function)

        pending = Pending(call, lambda: _hang_up(request))
        unsubscribe = self._board.subscribe(pending.offer)
        try:
            for view in self._board.read():
                pending.offer(view)
            await _send(request, wanted, pending)
        finally:
            unsubscribe()


class _Wanted:
    """Which changes a reader asked for: those of one environment by either of its names, or all."""

    def __init__(self, board: Board, name: str) -> None:
        found = board.get(name) if name else None
        self._names = {name, found.environment} if found else {name}
        self._everything = not name

    def concerned(self, change: object) -> bool:
        if isinstance(change, EnvironmentView) and change.branch in self._names:
            self._names.add(change.environment)
        return self._everything or getattr(change, "environment", "") in self._names


async def _send(request: web.Request, wanted: _Wanted, pending: Pending) -> NoReturn:
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
    await response.prepare(request)
    while True:
        changes = await pending.take(KEEP_ALIVE_SECONDS)
        for change in filter(wanted.concerned, changes):
            await response.write(_event(change))
            await asyncio.sleep(0)  # others have their turn between two large pictures
        if not changes:
            await response.write(b": still here\n\n")
        await asyncio.sleep(_PACE_SECONDS)


def _hang_up(request: web.Request) -> None:
    if request.transport:
        request.transport.abort()


def _key(change: object) -> tuple[str, str | int]:
    if isinstance(change, EventView):
        return "happened", change.sequence
    return "environment", str(getattr(change, "environment", ""))


def _event(change: object) -> bytes:
    if isinstance(change, EnvironmentView):
        return b"event: environment\ndata: " + encode(change) + b"\n\n"
    if isinstance(change, EventView):
        return b"event: happened\ndata: " + encode(change) + b"\n\n"
    return b"event: removed\ndata: " + encode({"environment": getattr(change, "environment", "")}) + b"\n\n"
