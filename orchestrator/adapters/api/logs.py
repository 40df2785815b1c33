"""The lines that services write, as newline-delimited JSON, followed for as long as the reader reads.

Each followed service has a thread of its own, which waits for the reader before it reads on. A line of release 0 is the
gateway's sign of life: it is not sent, and lets a thread notice that its reader is gone.
"""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from aiohttp import web

from orchestrator.adapters.api import lookup
from orchestrator.adapters.api.answers import encode, refusal
from orchestrator.adapters.api.board import Board
from orchestrator.adapters.api.bodies import flag, number
from orchestrator.adapters.gateway import Gateway
from orchestrator.errors import AnabranchError, NotFound, Temporary

KEEP_ALIVE_SECONDS = 15.0
_MOST_THREADS = 64
_MOST_WAITING_LINES = 256
_Line = bytes | AnabranchError | None


@dataclass(frozen=True, slots=True)
class _Question:
    environment: str
    services: tuple[str, ...]
    release: int | None
    tail: int
    follow: bool


class Logs:
    """GET /v1/services/{environment}/{service}/logs"""

    def __init__(self, board: Board, gateway: Gateway) -> None:
        self._board = board
        self._gateway = gateway
        self._threads = threading.BoundedSemaphore(_MOST_THREADS)

    def routes(self) -> tuple[web.RouteDef, ...]:
        """The path that is answered here."""
        return (web.get("/v1/services/{environment}/{service}/logs", self.logs),)

    async def logs(self, request: web.Request) -> web.StreamResponse:
        """Stream lines; `-` as service means every service that the environment has of its own."""
        reader = _Reader(asyncio.get_running_loop())
        response = web.StreamResponse(headers={"Content-Type": "application/x-ndjson", "Cache-Control": "no-store"})
        try:
            self._start(self._question(request), reader)
            first = await reader.first()
            await response.prepare(request)
            await response.write(first)
            async for text in reader.rest():
                await response.write(text)
        finally:
            reader.leave()
        return response

    def _question(self, request: web.Request) -> _Question:
        view = lookup.environment(self._board, request.match_info["environment"])
        named = request.match_info["service"]
        present = tuple(service.service for service in view.services if service.present)
        if named == "-" and not present:
            raise NotFound(f"{view.environment} has no services of its own (anabranch -n {view.environment} ps --all)")
        return _Question(
            environment=view.environment,
            services=present if named == "-" else (named,),
            release=number(request, "release", 0, 10**9) or None,
            tail=number(request, "tail", 100, 100_000),
            follow=flag(request, "follow"),
        )

    def _start(self, question: _Question, reader: "_Reader") -> None:
        together = tuple((service,) for service in question.services) if question.follow else (question.services,)
        for services in together:
            if not self._threads.acquire(blocking=False):
                raise Temporary("too many readers of logs; close one and try again")
            reader.open += 1
            threading.Thread(target=self._pump, args=(question, services, reader), name="api-logs", daemon=True).start()

    def _pump(self, question: _Question, services: tuple[str, ...], reader: "_Reader") -> None:
        try:
            for service in services:
                self._pump_service(question, service, reader)
            reader.put(None)
        except AnabranchError as error:
            reader.put(error)
        finally:
            self._threads.release()

    def _pump_service(self, question: _Question, service: str, reader: "_Reader") -> None:
        lines = self._gateway.logs(
            question.environment, service, question.release, tail=question.tail, follow=question.follow
        )
        for release, at, text in lines:
            if reader.left.is_set():
                return
            if release:
                line = {"service": service, "release": release, "at": at, "text": text}
                reader.put(encode(line) + b"\n")


@dataclass(slots=True)
class _Reader:
    """The hand-over from threads to the event loop; `open` counts the threads that have not ended."""

    loop: asyncio.AbstractEventLoop
    open: int = 0
    left: threading.Event = field(default_factory=threading.Event)
    lines: asyncio.Queue[_Line] = field(default_factory=lambda: asyncio.Queue(_MOST_WAITING_LINES))

    def put(self, line: _Line) -> None:
        """From a thread: wait until there is room, unless the reader left."""
        if self.left.is_set():
            return
        with contextlib.suppress(RuntimeError):
            asyncio.run_coroutine_threadsafe(self.lines.put(line), self.loop).result()

    async def first(self) -> bytes:
        """Wait shortly for a line, so that an error can still be an answer of its own."""
        with contextlib.suppress(TimeoutError):
            return await self._next(1.0)
        return b""

    async def rest(self) -> AsyncIterator[bytes]:
        """Yield lines until every thread ended, empty lines as signs of life, and what went wrong as a last line."""
        while self.open:
            try:
                yield await self._next(KEEP_ALIVE_SECONDS)
            except TimeoutError:
                yield b"\n"
            except AnabranchError as error:
                yield encode(refusal(error)) + b"\n"

    async def _next(self, seconds: float) -> bytes:
        line = await asyncio.wait_for(self.lines.get(), seconds)
        if isinstance(line, bytes):
            return line
        self.open -= 1
        if line:
            raise line
        return b""

    def leave(self) -> None:
        """Let the threads end: those that wait for room get it."""
        self.left.set()
        while not self.lines.empty():
            self.lines.get_nowait()
