"""Signed deliveries into a forwarder's journal, and into bare aiohttp handlers that append the body to a file.

A bare handler checks no signature, knows no ids and no states, and tells nobody. One syncs the file for each body and
then answers; the other syncs once for all bodies that wait, which is what this machine can do at the most. Rounds take
turns, so that all meet the same noise, and each begins when the daemon was told of all that the one before took.
"""

import asyncio
import contextlib
import hashlib
import hmac
import json
import os
import queue
import sys
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Iterator
from itertools import count
from pathlib import Path

import figures as told
import structlog
import uvloop
from aiohttp import web
from resident import resident

from orchestrator.domain.webhook import Hook
from orchestrator.forwarder.app import serve
from orchestrator.forwarder.options import DaemonTarget, ForwarderOptions, LogForm

SECRET = bytes(range(32))
CONNECTIONS = 64
MANY = 256
BODY = json.dumps(
    {
        "ref": "refs/heads/bugfix",
        "before": "1" * 40,
        "after": "2" * 40,
        "forced": False,
        "repository": {"full_name": "acme/app"},
        "commits": [{"message": "x" * 1600}] * 5,
    }
).encode()
SIGNATURE = "sha256=" + hmac.new(SECRET, BODY, hashlib.sha256).hexdigest()
SERVERS = ("forwarder", "each", "together")
YARDSTICKS = {"each": "bare, an fsync each", "together": "bare, one fsync for all that wait"}
_serial = count()


class Sender(asyncio.Protocol):
    """Sends a delivery as soon as the one before is answered; lean, so that the server is the limit."""

    def __init__(self, left: list[int], spent: list[float], done: asyncio.Future[None]) -> None:
        self._left = left
        self._spent = spent
        self._done = done
        self._began = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._next()

    def data_received(self, data: bytes) -> None:
        if not data.startswith(b"HTTP/1.1 202 "):
            self._done.set_exception(RuntimeError(data[:200].decode()))
            return
        self._spent.append(time.perf_counter() - self._began)
        self._next()

    def _next(self) -> None:
        if self._done.done():
            return
        if not self._left[0]:
            self._done.set_result(None)
            return
        self._left[0] -= 1
        self._began = time.perf_counter()
        head = (
            f"POST /hooks/gh HTTP/1.1\r\nHost: x\r\nContent-Length: {len(BODY)}\r\nX-GitHub-Event: push\r\n"
            f"X-Hub-Signature-256: {SIGNATURE}\r\nX-GitHub-Delivery: {os.getpid()}-{next(_serial)}\r\n\r\n"
        )
        self._transport.write(head.encode() + BODY)


def figures(*, quick: bool) -> Iterator[str]:
    """Yield lines of results."""
    rounds, deliveries = (1, 300) if quick else (5, 3000)
    with tempfile.TemporaryDirectory(prefix="ab-") as directory:
        yield from asyncio.run(_measure(Path(directory), rounds, deliveries))


async def _measure(directory: Path, rounds: int, deliveries: int) -> list[str]:
    told_of = Told()
    daemon = await _served(web.post("/v1/hints", told_of.take), web.UnixSite, str(directory / "api.sock"))
    rates: dict[str, list[float]] = {name: [] for name in SERVERS}
    tails: dict[str, list[float]] = {name: [] for name in SERVERS}
    whole: list[float] = []
    async with contextlib.AsyncExitStack() as stack:
        started = {name: await stack.enter_async_context(_started(name, directory)) for name in SERVERS}
        for each in range(rounds):
            for name, process in started.items():
                began = time.perf_counter()
                spent = await _load(process.port, CONNECTIONS, deliveries)
                rates[name].append(deliveries / spent[-1])
                tails[name].append(told.percentile(spent[:-1], 99))
                if name == "forwarder":
                    await told_of.until((each + 1) * deliveries)
                    whole.append(deliveries / (time.perf_counter() - began))
        ours = started["forwarder"]
        idle = resident(ours.pid)
        await _load(ours.port, MANY, deliveries)
        loaded = resident(ours.pid)
    await daemon.cleanup()
    rate = {name: told.median(each) for name, each in rates.items()}
    tail = {name: told.median(each) for name, each in tails.items()}
    what = f"{CONNECTIONS} connections, {len(BODY) / 1000:.1f} kB, synced"
    return [
        *(told.rate(what, rate["forwarder"], rate[name], than) for name, than in YARDSTICKS.items()),
        told.rate("until the daemon is told of all", told.median(whole), rate["together"], YARDSTICKS["together"]),
        *(told.compared("p99 of an answer", tail["forwarder"], tail[name], than) for name, than in YARDSTICKS.items()),
        f"{f'memory after {MANY} connections':42} {loaded / 2**20:>7.0f} MB   before {idle / 2**20:.0f} MB",
    ]


async def _load(port: int, connections: int, deliveries: int) -> list[float]:
    """Send so many; returns the seconds of each, and of all at the end."""
    loop, left, spent = asyncio.get_running_loop(), [deliveries], []
    done = [loop.create_future() for _ in range(connections)]
    began = time.perf_counter()
    pairs = await asyncio.gather(
        *(loop.create_connection(lambda each=each: Sender(left, spent, each), "127.0.0.1", port) for each in done)
    )
    await asyncio.gather(*done)
    spent.append(time.perf_counter() - began)
    for transport, _ in pairs:
        transport.close()
    return spent


class Started:
    """A server in a process of its own."""

    def __init__(self, pid: int, port: int) -> None:
        self.pid = pid
        self.port = port


@contextlib.asynccontextmanager
async def _started(what: str, directory: Path) -> AsyncIterator[Started]:
    words = (sys.executable, __file__, what, str(directory))
    process = await asyncio.create_subprocess_exec(*words, stdout=asyncio.subprocess.PIPE)
    assert process.stdout
    try:
        yield Started(process.pid, int(await process.stdout.readline()))
    finally:
        process.terminate()
        await process.wait()


class Synced:
    """Bodies appended to a file by one thread, with one fsync for all that wait together."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab", buffering=0)
        self._waiting: queue.SimpleQueue[tuple[bytes, asyncio.Future[None]]] = queue.SimpleQueue()
        self._loop = asyncio.get_running_loop()
        threading.Thread(target=self._run, daemon=True).start()

    async def keep(self, body: bytes) -> None:
        future = self._loop.create_future()
        self._waiting.put((body, future))
        await future

    def _run(self) -> None:
        while True:
            group = [self._waiting.get()]
            while not self._waiting.empty():
                group.append(self._waiting.get())
            self._file.write(b"".join(body for body, _ in group))
            os.fsync(self._file.fileno())
            for _, future in group:
                self._loop.call_soon_threadsafe(future.set_result, None)


class Told:
    """A daemon that remembers the newest delivery of which it was told."""

    def __init__(self) -> None:
        self._newest = 0
        self._changed = asyncio.Event()

    async def take(self, request: web.Request) -> web.Response:
        hints = json.loads(await request.read())
        self._newest = max(self._newest, *(int(hint["delivery"]) for hint in hints))
        self._changed.set()
        return web.Response(status=202)

    async def until(self, delivery: int) -> None:
        async with asyncio.timeout(60):
            while self._newest < delivery:
                self._changed.clear()
                await self._changed.wait()


async def _served(route: web.RouteDef, site: type[web.BaseSite], *where: object) -> web.AppRunner:
    app = web.Application()
    app.add_routes([route])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await site(runner, *where).start()
    return runner


async def _serve_bare(path: Path, *, together: bool) -> None:
    kept, file = Synced(path), path.open("ab", buffering=0)

    async def keep(request: web.Request) -> web.Response:
        body = await request.read()
        if together:
            await kept.keep(body)
        else:
            file.write(body)
            os.fsync(file.fileno())
        return web.json_response({"delivery": 1}, status=202)

    runner = await _served(web.post("/hooks/gh", keep), web.TCPSite, "127.0.0.1", 0)
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


async def _serve_forwarder(directory: Path) -> None:
    structlog.configure(processors=[], wrapper_class=structlog.make_filtering_bound_logger(50))
    hook = Hook("gh", "github", (SECRET,), {"acme/app": "app"})
    target = DaemonTarget(socket=directory / "api.sock")
    options = ForwarderOptions(
        directory / "journal" / "journal.db", (hook,), target, port=0, log=LogForm("error", "json")
    )
    ready = lambda address: print(address.rpartition(":")[2], flush=True)  # noqa: E731
    await serve(options, asyncio.Event(), structlog.get_logger().bind(), ready)


if __name__ == "__main__":
    what, folder = sys.argv[1], Path(sys.argv[2])
    if what == "forwarder":
        uvloop.run(_serve_forwarder(folder))
    else:
        asyncio.run(_serve_bare(folder / what, together=what == "together"))
