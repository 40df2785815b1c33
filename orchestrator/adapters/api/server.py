"""The API's own thread: an event loop with the unix socket and, where an address is set, the two TCP listeners.

In: the board, the gateway and the addresses. Out: a served API between `start` and `stop`.
"""

import asyncio
import contextlib
import logging
import re
import socket
import threading
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Middleware

from orchestrator.adapters.api import listen
from orchestrator.adapters.api.answers import errors_as_json
from orchestrator.adapters.api.board import Board
from orchestrator.adapters.api.changes import Changes
from orchestrator.adapters.api.hints import Hints, bearer
from orchestrator.adapters.api.logs import Logs
from orchestrator.adapters.api.machine_room import MachineRoom
from orchestrator.adapters.api.observe import Observe
from orchestrator.adapters.api.pool import Pool
from orchestrator.adapters.api.reads import Reads
from orchestrator.adapters.api.watch import Watch
from orchestrator.adapters.api.ways_in import WaysIn
from orchestrator.adapters.gateway import Gateway
from orchestrator.errors import Permanent

_STOP_SECONDS = 10.0
_TOKEN = re.compile(rb"[\x21-\x7e]{32,4096}")
_QUIET = logging.getLogger("anabranch.api.http")
_QUIET.setLevel(logging.CRITICAL)  # what is no HTTP is answered with 400; logging it would let strangers fill the log
_HTTP: dict[str, Any] = {
    "access_log": None,
    "logger": _QUIET,
    "handler_cancellation": True,
    "keepalive_timeout": 30.0,
    "lingering_time": 2.0,
    "auto_decompress": False,
    "shutdown_timeout": 0.5,
}


@dataclass(frozen=True, slots=True)
class ApiOptions:
    """Where to listen: the unix socket, and `host:port` (or None) of the two TCP listeners.

    `hints_token` is what a bearer must show to the hints listener.
    """

    socket: Path
    hints_address: str | None = None
    hints_token: bytes | None = None
    observe_address: str | None = None


class Api:
    """Serves from a thread of its own; `hints_port` and `observe_port` tell the bound ports, 0 where not listening."""

    def __init__(
        self, options: ApiOptions, board: Board, gateway: Gateway, about: dict[str, object], ready: Callable[[], str]
    ) -> None:
        self._options = options
        calls, pictures, hints, machine_room = self._pools = (Pool(8), Pool(2), Pool(1), Pool(4))
        self._hints = Hints(gateway, hints)
        self._observe = Observe(ready, gateway, pictures)
        self._rooms = (
            Reads(board, gateway, calls, pictures, about),
            Changes(board, gateway, calls),
            WaysIn(board, gateway, calls),
            MachineRoom(gateway, machine_room),
            Watch(board),
            Logs(board, gateway),
            self._hints,
        )
        self._loop = asyncio.new_event_loop()
        self._runners: list[web.AppRunner] = []
        self._thread = threading.Thread(target=self._loop.run_forever, name="api", daemon=True)
        self._inode = 0
        self.hints_port = 0
        self.observe_port = 0

    def start(self) -> None:
        """Listen, then return; raises Permanent when an address cannot be listened on."""
        self._thread.start()
        try:
            self._wait_for(self._listen())
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Close every connection and the listeners; may be called twice, and without a start."""
        if self._loop.is_closed():
            return
        if self._thread.is_alive():
            self._wait_for(self._close())
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(_STOP_SECONDS)
        for pool in self._pools:
            pool.close()
        self._loop.close()
        self._remove_socket()

    def _wait_for(self, work: Coroutine[None, None, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(_STOP_SECONDS)

    async def _listen(self) -> None:
        await self._serve_unix()
        await self._serve_hints()
        await self._serve_observe()

    async def _serve_unix(self) -> None:
        routes = [route for room in self._rooms for route in room.routes()]
        listener = listen.unix(self._options.socket)
        self._inode = self._options.socket.stat().st_ino
        await self._serve(listener, routes)

    async def _serve_hints(self) -> None:
        if not self._options.hints_address:
            return
        if not _TOKEN.fullmatch(self._options.hints_token or b""):
            raise Permanent("the hints listener needs a token: a file with 32 visible characters or more, on one line")
        listener = listen.tcp(self._options.hints_address)
        self.hints_port = listener.getsockname()[1]
        await self._serve(listener, self._hints.routes(), bearer(self._options.hints_token or b""))

    async def _serve_observe(self) -> None:
        if not self._options.observe_address:
            return
        listener = listen.tcp(self._options.observe_address)
        self.observe_port = listener.getsockname()[1]
        await self._serve(listener, self._observe.routes())

    async def _serve(self, listener: socket.socket, routes: Iterable[web.RouteDef], *gates: Middleware) -> None:
        app = web.Application(middlewares=[errors_as_json, *gates])
        app.add_routes(routes)
        runner = web.AppRunner(app, **_HTTP)
        self._runners.append(runner)
        await runner.setup()
        await web.SockSite(runner, listener).start()

    async def _close(self) -> None:
        for runner in reversed(self._runners):
            open_ones = [handler.transport for handler in runner.server.connections] if runner.server else []
            await runner.cleanup()
            for transport in open_ones:
                if transport:
                    transport.abort()

    def _remove_socket(self) -> None:
        with contextlib.suppress(OSError):
            if self._options.socket.stat().st_ino == self._inode:
                self._options.socket.unlink()
