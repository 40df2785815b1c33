"""A forwarder on a free port, a daemon that remembers what it was told, and signed deliveries to send.

The daemon is a real HTTP server on a unix socket; only what it does with a hint is left out, which is not the
forwarder's business.
"""

import asyncio
import contextlib
import hashlib
import hmac
import inspect
import json
import sqlite3
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import structlog
from aiohttp import ClientSession, web

from orchestrator.domain import hint
from orchestrator.domain.hint import RefHint
from orchestrator.domain.webhook import Hook
from orchestrator.forwarder.app import serve
from orchestrator.forwarder.options import DaemonTarget, ForwarderOptions, Limits

SECRET = bytes(range(32))
OLD, NEW = "1" * 40, "2" * 40
HOOKS = (
    Hook("gh", "github", (SECRET,), {"acme/app": "app", "acme/web": "web"}),
    Hook("other", "github", (bytes(range(1, 33)),), {"acme/other": "other"}),
    Hook("local", "post-receive", (SECRET,), {"app": "app"}),
)


def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a coroutine test in an event loop of its own, with a deadline."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    arguments = {name: pyfuncitem.funcargs[name] for name in inspect.signature(pyfuncitem.obj).parameters}
    asyncio.run(asyncio.wait_for(pyfuncitem.obj(**arguments), 60))
    return True


def push(ref: str = "refs/heads/bugfix", repository: str = "acme/app", **changes: Any) -> bytes:
    payload = {"ref": ref, "before": OLD, "after": NEW, "forced": False, "repository": {"full_name": repository}}
    return json.dumps(payload | changes).encode()


def signed(body: bytes, key: str = "", secret: bytes = SECRET, event: str = "push") -> dict[str, str]:
    signature = "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()
    identity = {"X-GitHub-Delivery": key} if key else {}
    return {"X-GitHub-Event": event, "X-Hub-Signature-256": signature} | identity


@dataclass
class Daemon:
    """Answers `POST /v1/hints` with `status`, and remembers every hint of the requests that it acknowledged."""

    socket: Path
    status: Callable[[list[RefHint]], int] = lambda hints: 202
    hints: list[RefHint] = field(default_factory=list)
    asked: int = 0
    tokens: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._told = asyncio.Event()
        self._runner: web.AppRunner | None = None
        self.url = ""

    async def start(self) -> None:
        app = web.Application(client_max_size=2**24)
        app.router.add_post("/v1/hints", self._take)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.UnixSite(self._runner, str(self.socket)).start()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[-1][1]}"

    async def stop(self) -> None:
        if self._runner:
            await self._runner.cleanup()
        self.socket.unlink(missing_ok=True)

    async def until(self, enough: Callable[[], bool]) -> None:
        """Wait until a request makes `enough()` true."""
        async with asyncio.timeout(20):
            while not enough():
                self._told.clear()
                await self._told.wait()

    async def _take(self, request: web.Request) -> web.Response:
        self.asked += 1
        self.tokens.add(request.headers.get("Authorization", ""))
        told = list(hint.from_json(await request.read()))
        status = self.status(told)
        if 200 <= status < 300:
            self.hints += told
        self._told.set()
        return web.Response(status=status, headers={"Location": "/v1/hints"})

    @property
    def refs(self) -> list[str]:
        return [told.ref for told in self.hints]


@dataclass
class House:
    """A running forwarder: `url` is where git hosts send to."""

    url: str
    daemon: Daemon
    client: ClientSession
    journal: Path
    log: list[Any]

    async def send(self, body: bytes, headers: dict[str, str], hook: str = "gh") -> int:
        async with self.client.post(f"{self.url}/hooks/{hook}", data=body, headers=headers) as answer:
            await answer.read()
            return answer.status

    async def get(self, path: str) -> int:
        async with self.client.get(self.url + path) as answer:
            return answer.status

    async def raw(self, request: bytes) -> bytes:
        """Send bytes as they are and return the first line and headers of the answer."""
        host, port = self.url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        with contextlib.closing(writer):
            writer.write(request)
            return await asyncio.wait_for(reader.read(65536), 20)


@pytest.fixture
def short_path() -> Iterator[Path]:
    """A directory whose sockets' paths are short enough."""
    with tempfile.TemporaryDirectory(prefix="ab-") as directory:
        yield Path(directory)


@pytest.fixture
def open_house(short_path: Path) -> Callable[..., contextlib.AbstractAsyncContextManager[House]]:
    @contextlib.asynccontextmanager
    async def opened(
        hooks: tuple[Hook, ...] = HOOKS,
        limits: Limits = Limits(retry_first_seconds=0.02, retry_most_seconds=0.05),
        daemon: Daemon | None = None,
        target: DaemonTarget | None = None,
        daemon_runs: bool = True,
    ) -> AsyncIterator[House]:
        daemon = daemon or Daemon(short_path / "api.sock")
        if daemon_runs:
            await daemon.start()
        target = target or DaemonTarget(socket=daemon.socket)
        journal = short_path / "state" / "journal.db"
        options = ForwarderOptions(journal, hooks, target, port=0, limits=limits)
        stop, ready = asyncio.Event(), asyncio.get_running_loop().create_future()
        records = structlog.testing.LogCapture()
        log = structlog.wrap_logger(None, processors=[records])
        serving = asyncio.create_task(serve(options, stop, log, ready.set_result))
        await asyncio.wait([serving, ready], return_when=asyncio.FIRST_COMPLETED)
        if serving.done():
            serving.result()
        async with ClientSession() as client:
            yield House(ready.result(), daemon, client, journal, records.entries)
        stop.set()
        await serving
        await daemon.stop()

    return opened


def states(journal: Path) -> list[tuple[str, str]]:
    """Read (state, reason) of every delivery, once the forwarder has let go of the journal."""
    with contextlib.closing(sqlite3.connect(journal)) as db:
        return db.execute("SELECT state, reason FROM delivery ORDER BY seq").fetchall()


@pytest.fixture
def delivery() -> Any:
    """What tests send and look at: `push`, `signed`, `states`, `Daemon`."""
    return type("Delivery", (), {"push": push, "signed": signed, "states": states, "Daemon": Daemon, "HOOKS": HOOKS})
