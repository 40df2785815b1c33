"""The forwarder's listening address.

In: the options. Out: sockets that hold the address, or one line that says why it cannot be had; requests accepted on
them, in this process or in one that inherited them.
"""

import asyncio
import errno
import logging
import os
import socket
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from orchestrator.errors import Permanent
from orchestrator.forwarder.options import ForwarderOptions, Limits

_BACKLOG = 128
_LINGERING_SECONDS = 2
_WHY = {
    errno.EADDRINUSE: "is taken",
    errno.EACCES: "needs a privilege that this user has not",
    errno.EADDRNOTAVAIL: "is no address of this machine",
}


Answer = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


async def bound(options: ForwarderOptions) -> tuple[socket.socket, ...]:
    """Take the address, for this process or one that it starts; raises `Permanent` when it cannot be had.

    Whoever connects before anybody accepts waits, also while one process takes the place of another.
    """
    loop = asyncio.get_running_loop()
    try:
        server = await loop.create_server(asyncio.Protocol, options.host, options.port, start_serving=False)
        sockets = tuple(socket.socket(fileno=os.dup(taken.fileno())) for taken in server.sockets)
        for taken in sockets:
            taken.listen(_BACKLOG)
    except (OSError, UnicodeError) as error:
        place = _place(options.host, options.port)
        raise Permanent(f"forwarder: {place} {_why(error)}; set forwarder.address") from error
    server.close()
    return sockets


def address_of(sockets: Sequence[socket.socket]) -> str:
    """Write the address that was taken as `http://host:port`."""
    host, port = sockets[0].getsockname()[:2]
    return f"http://{_place(host, port)}"


async def listen(answer: Answer, sockets: Sequence[socket.socket], limits: Limits, stack: AsyncExitStack) -> None:
    """Accept requests on sockets that are bound until the stack unwinds."""
    runner = _runner(answer, limits)
    stack.push_async_callback(runner.cleanup)
    await runner.setup()
    for taken in sockets:
        await web.SockSite(runner, taken).start()


def _why(error: OSError | UnicodeError) -> str:
    if isinstance(error, UnicodeError | socket.gaierror):
        return "is the name of no machine"
    return _WHY.get(error.errno or 0, f"cannot be had ({error.strerror})")


def _runner(answer: Answer, limits: Limits) -> web.ServerRunner:
    server = web.Server(
        answer,
        access_log=None,
        logger=_logger(),
        keepalive_timeout=limits.header_seconds,
        lingering_time=_LINGERING_SECONDS,
        auto_decompress=False,
    )
    return web.ServerRunner(server, shutdown_timeout=limits.stop_seconds)


def _logger() -> logging.Logger:
    logger = logging.getLogger("anabranch.forwarder.http")
    logger.filters[:] = [_is_our_fault]
    return logger


def _is_our_fault(record: logging.LogRecord) -> bool:
    """Tell faults of this program from bytes that are no HTTP: anybody may send those, as often as they like."""
    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, HttpProcessingError)


def _place(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
