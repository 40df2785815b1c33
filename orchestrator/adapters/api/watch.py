"""The event stream: the pictures of now, then each one that changes, as server-sent events.

In: changes that the board calls out from any thread. Out: `environment`, `removed` and `happened` events.
A slow reader misses intermediate pictures, never the newest one.
"""

import asyncio
import contextlib

from aiohttp import web

from orchestrator.adapters.api.answers import encode
from orchestrator.adapters.api.board import Board
from orchestrator.domain.snapshot import EnvironmentView, EventView

KEEP_ALIVE_SECONDS = 15.0
_MOST_PENDING = 1000


class Pending:
    """What a reader has not been sent yet: the newest picture of each environment, and the newest events."""

    def __init__(self) -> None:
        self._changes: dict[tuple[str, str | int], object] = {}
        self._arrived = asyncio.Event()

    def offer(self, change: object) -> None:
        """Keep a change, in place of an older one of the same environment; call it on the event loop."""
        key = _key(change)
        self._changes.pop(key, None)
        self._changes[key] = change
        if len(self._changes) > _MOST_PENDING:
            self._forget_the_oldest_event()
        self._arrived.set()

    async def take(self, seconds: float) -> tuple[object, ...]:
        """Wait for changes and take them all; none after `seconds`."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._arrived.wait(), seconds)
        taken = tuple(self._changes.values())
        self._changes.clear()
        self._arrived.clear()
        return taken

    def _forget_the_oldest_event(self) -> None:
        oldest = next((key for key in self._changes if key[0] == "happened"), None)
        if oldest:
            del self._changes[oldest]


class Watch:
    """GET /v1/watch?environment="""

    def __init__(self, board: Board) -> None:
        self._board = board

    def routes(self) -> tuple[web.RouteDef, ...]:
        """The path that is answered here."""
        return (web.get("/v1/watch", self.watch),)

    async def watch(self, request: web.Request) -> web.StreamResponse:
        """Stream until the reader leaves or the daemon stops; an environment may come into being meanwhile."""
        wanted = _Wanted(self._board, request.query.get("environment", ""))
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
        await response.prepare(request)
        pending = Pending()
        loop = asyncio.get_running_loop()

        def call_out(change: object) -> None:
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(pending.offer, change)

        unsubscribe = self._board.subscribe(call_out)
        try:
            for view in self._board.read():
                pending.offer(view)
            while True:
                changes = await pending.take(KEEP_ALIVE_SECONDS)
                text = b"".join(_event(change) for change in changes if wanted.concerned(change))
                await response.write(text or b": still here\n\n")
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
