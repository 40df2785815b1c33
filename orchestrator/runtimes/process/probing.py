"""Ask a running release whether it is well.

In: its ports, its processes, the probe of its Score file. Out: the empty text when it is well, else what is missing.
A listener that belongs to somebody else never counts.
"""

import asyncio
from collections.abc import Awaitable, Callable

from orchestrator.domain.workload import HttpGet
from orchestrator.runtimes.process import proc
from orchestrator.runtimes.process.addresses import HOST

Exec = Callable[[tuple[str, ...]], Awaitable[str]]


def listens(port: int, members: Callable[[], tuple[int, ...]]) -> str:
    """Check that the release itself, and nobody else, listens at the port."""
    sockets = proc.listeners(port)
    if not sockets:
        return f"waiting for {HOST}:{port} to listen"
    strangers = sockets - proc.holders(sockets, members()).keys()
    return f"{HOST}:{port} is taken by {taker(frozenset(strangers))}" if strangers else ""


def taker(sockets: frozenset[int]) -> str:
    """Name who holds sockets."""
    found = proc.holders(sockets, proc.pids())
    return f"pid {min(found.values())}" if found else "another process"


async def connects(port: int, patience: float) -> str:
    """Check that a TCP connection is taken."""
    try:
        async with asyncio.timeout(patience):
            _, writer = await asyncio.open_connection(HOST, port)
    except (OSError, TimeoutError):
        return f"waiting for {HOST}:{port} to take connections"
    writer.transport.abort()
    return ""


async def answers(get: HttpGet, port: int, patience: float) -> str:
    """Check that a GET is answered with a status from 200 to 399."""
    url = f"http://{HOST}:{port}{get.path}"
    try:
        async with asyncio.timeout(patience):
            status = await _status(get, port)
    except (OSError, TimeoutError, ValueError):
        return f"waiting for an answer of GET {url}"
    return "" if 200 <= status < 400 else f"waiting for GET {url}: status {status}"


async def _status(get: HttpGet, port: int) -> int:
    reader, writer = await asyncio.open_connection(HOST, port)
    try:
        headers = {"Host": f"{HOST}:{port}", "User-Agent": "anabranch", **dict(get.headers), "Connection": "close"}
        path = get.path if get.path.startswith("/") else f"/{get.path}"
        lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
        writer.write("\r\n".join(lines).encode("ascii"))
        version, code, *_ = (await reader.readline()).split(None, 2)
        if not version.startswith(b"HTTP/1."):
            raise ValueError("no HTTP")
        return int(code)
    finally:
        writer.transport.abort()
