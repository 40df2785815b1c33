"""The forwarder's listening address.

In: what answers a request, and the options. Out: `http://host:port` once requests are accepted, or one line that says
why not.
"""

import errno
import logging
import socket
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from orchestrator.errors import Permanent
from orchestrator.forwarder.options import ForwarderOptions

_LINGERING_SECONDS = 2
_WHY = {
    errno.EADDRINUSE: "is taken",
    errno.EACCES: "needs a privilege that this user has not",
    errno.EADDRNOTAVAIL: "is no address of this machine",
}


Answer = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


async def listen(answer: Answer, options: ForwarderOptions, stack: AsyncExitStack) -> str:
    """Accept requests until the stack unwinds; raises `Permanent` when the address cannot be had."""
    runner = _runner(answer, options)
    stack.push_async_callback(runner.cleanup)
    await runner.setup()
    try:
        await web.TCPSite(runner, options.host, options.port).start()
    except (OSError, UnicodeError) as error:
        place = _place(options.host, options.port)
        raise Permanent(f"forwarder: {place} {_why(error)}; set forwarder.address") from error
    host, port = runner.addresses[0][:2]
    return f"http://{_place(host, port)}"


def _why(error: OSError | UnicodeError) -> str:
    if isinstance(error, UnicodeError | socket.gaierror):
        return "is the name of no machine"
    return _WHY.get(error.errno or 0, f"cannot be had ({error.strerror})")


def _runner(answer: Answer, options: ForwarderOptions) -> web.ServerRunner:
    server = web.Server(
        answer,
        access_log=None,
        logger=_logger(),
        keepalive_timeout=options.limits.header_seconds,
        lingering_time=_LINGERING_SECONDS,
        auto_decompress=False,
    )
    return web.ServerRunner(server, shutdown_timeout=options.limits.stop_seconds)


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
