"""A forwarder on a free port, a daemon that remembers what it was told, and signed deliveries to send.

The daemon is a real HTTP server on a unix socket; only what it does with a hint is left out, which is not the
forwarder's business.
"""

import asyncio
import base64
import contextlib
import hashlib
import hmac
import inspect
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import structlog
from aiohttp import ClientSession, UnixConnector, web

from orchestrator.domain import hint
from orchestrator.domain.hint import RefHint
from orchestrator.domain.webhook import Hook
from orchestrator.forwarder.app import serve
from orchestrator.forwarder.options import DaemonTarget, ForwarderOptions, Limits

SECRET = b"0123456789abcdef0123456789abcdef"
SOON = Limits(retry_first_seconds=0.02, retry_most_seconds=0.05)
ROOT = Path(__file__).parents[2]
OLD, NEW = "1" * 40, "2" * 40
HOOKS = (
    Hook("gh", "github", (SECRET,), {"acme/app": "app", "acme/web": "web"}),
    Hook("other", "github", (b"another-0123456789abcdef01234567",), {"acme/other": "other"}),
    Hook("local", "post-receive", (SECRET,), {"app": "app"}),
)


def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a coroutine test in an event loop of its own, with a deadline."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    arguments = {name: pyfuncitem.funcargs[name] for name in inspect.signature(pyfuncitem.obj).parameters}
    asyncio.run(asyncio.wait_for(pyfuncitem.obj(**arguments), 100))
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
        """Wait until a request makes `enough()` true; who was refused may come again only after half a minute."""
        async with asyncio.timeout(45):
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


class Records:
    """What the forwarder logged, from whichever thread."""

    def __init__(self) -> None:
        self.entries: list[Any] = []
        self._more = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    def __call__(self, _logger: Any, method: str, record: Any) -> Any:
        self.entries.append({**record, "log_level": method})
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._more.set)
        raise structlog.DropEvent

    async def until(self, event: str, times: int = 1) -> None:
        """Wait until an event was logged so many times."""
        async with asyncio.timeout(20):
            while sum(entry["event"] == event for entry in self.entries) < times:
                self._more.clear()
                await self._more.wait()


@dataclass
class Sender:
    """Sends to the forwarder at `url`."""

    url: str
    client: ClientSession

    async def send(self, body: bytes, headers: dict[str, str], hook: str = "gh") -> int:
        async with self.client.post(f"{self.url}/hooks/{hook}", data=body, headers=headers) as answer:
            await answer.read()
            return answer.status

    async def get(self, path: str) -> int:
        async with self.client.get(self.url + path) as answer:
            return answer.status


@dataclass
class House(Sender):
    """A running forwarder: `url` is where git hosts send to."""

    daemon: Daemon
    journal: Path
    door: Path
    records: Records

    @property
    def log(self) -> list[Any]:
        return self.records.entries

    async def logged(self, event: str, times: int = 1) -> None:
        await self.records.until(event, times)

    async def ask(self, path: str, method: str = "GET") -> Any:
        """Ask the forwarder's own socket; returns what its JSON holds."""
        connector = UnixConnector(str(self.door))
        async with (
            ClientSession(connector=connector) as client,
            client.request(method, f"http://forwarder/v1/{path}") as answer,
        ):
            return await answer.json()

    async def settled(self, delivery: int) -> Any:
        """Wait until a delivery is forwarded or will never be; returns it."""
        return await self.ask(f"deliveries/{delivery}?settled=20")

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


@contextlib.asynccontextmanager
async def _served(
    options: ForwarderOptions, log: Any, read_hooks: Callable[[], tuple[Hook, ...]] | None
) -> AsyncIterator[str]:
    stop, ready = asyncio.Event(), asyncio.get_running_loop().create_future()
    interval = sys.getswitchinterval()
    serving = asyncio.create_task(serve(options, stop, log, ready.set_result, read_hooks))
    await asyncio.wait([serving, ready], return_when=asyncio.FIRST_COMPLETED)
    if serving.done():
        serving.result()
    try:
        yield ready.result()
    finally:
        stop.set()
        await serving
        sys.setswitchinterval(interval)


@pytest.fixture
def open_house(short_path: Path) -> Callable[..., contextlib.AbstractAsyncContextManager[House]]:
    @contextlib.asynccontextmanager
    async def opened(
        hooks: tuple[Hook, ...] = HOOKS,
        limits: Limits = SOON,
        daemon: Daemon | None = None,
        target: DaemonTarget | None = None,
        daemon_runs: bool = True,
        read_hooks: Callable[[], tuple[Hook, ...]] | None = None,
    ) -> AsyncIterator[House]:
        daemon = daemon or Daemon(short_path / "api.sock")
        target = target or DaemonTarget(socket=daemon.socket)
        journal = short_path / "state" / "journal.db"
        door = short_path / "forwarder.sock"
        options = ForwarderOptions(journal, hooks, target, port=0, socket=door, limits=limits)
        records = Records()
        log = structlog.wrap_logger(None, processors=[records])
        async with contextlib.AsyncExitStack() as stack:
            stack.push_async_callback(daemon.stop)
            if daemon_runs:
                await daemon.start()
            url = await stack.enter_async_context(_served(options, log, read_hooks))
            client = await stack.enter_async_context(ClientSession())
            yield House(url, client, daemon, journal, door, records)

    return opened


@dataclass
class Running:
    """A forwarder in a process of its own; `url` is where it listens, `log` every record that it wrote."""

    process: asyncio.subprocess.Process
    log: list[dict[str, Any]]
    lines: list[str]
    url: str = ""

    async def read_log(self, until: str = "") -> None:
        """Read records up to one event, or up to the end."""
        assert self.process.stderr
        while line := (await self.process.stderr.readline()).decode():
            self.lines.append(line)
            if line.startswith("{"):
                self.log.append(json.loads(line))
                self.url = self.log[-1].get("address", self.url)
                if until and self.log[-1]["event"] == until:
                    return

    async def end(self) -> int:
        """Ask it to stop; returns its exit code."""
        if self.process.returncode is None:
            self.process.terminate()
        await self.read_log()
        return await self.process.wait()


@pytest.fixture
def settings_file(short_path: Path) -> Callable[..., Path]:
    """Write settings of a forwarder; every argument replaces a key of its section."""

    def write(**forwarder: Any) -> Path:
        secret = short_path / "secret"
        secret.write_bytes(SECRET + b"\n")
        hook = {"name": "local", "provider": "post-receive", "secret_files": [str(secret)]}
        hook["repositories"] = {"app": "app", "web": "web"}
        values = {"address": "127.0.0.1:0", "hooks": [hook], "daemon": {"socket": str(short_path / "api.sock")}}
        values["socket"] = str(short_path / "forwarder.sock")
        file = short_path / "anabranch.yaml"
        file.write_text(
            json.dumps(
                {
                    "state": str(short_path / "state"),
                    "log": {"format": "json"},
                    "forwarder": values | forwarder,
                }
            )
        )
        return file

    return write


@pytest.fixture
def run_forwarder() -> Callable[..., contextlib.AbstractAsyncContextManager[Running]]:
    """Run `anabranch forwarder` in a process of its own, as an argument of the words `before`, if there are any."""

    @contextlib.asynccontextmanager
    async def running(settings: Path, ready: bool = True, before: Sequence[str] = ()) -> AsyncIterator[Running]:
        words = [*before, sys.executable, "-m", "orchestrator", "forwarder", "--settings", str(settings)]
        environ = {name: value for name, value in os.environ.items() if not name.startswith("ANABRANCH")}
        process = await asyncio.create_subprocess_exec(
            *words, cwd=ROOT, env=environ, stdin=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
        )
        found = Running(process, [], [])
        try:
            if ready:
                await found.read_log("forwarder is ready")
            yield found
        finally:
            if process.returncode is None:
                process.kill()
            await found.end()

    return running


@pytest.fixture
def open_client() -> Callable[[str], contextlib.AbstractAsyncContextManager[Sender]]:
    @contextlib.asynccontextmanager
    async def opened(url: str) -> AsyncIterator[Sender]:
        async with ClientSession() as client:
            yield Sender(url, client)

    return opened


def post_receive(body: bytes, key: str, secret: bytes = SECRET) -> dict[str, str]:
    sent = str(int(time.time()))
    digest = hmac.new(secret, f"{key}.{sent}.".encode() + body, hashlib.sha256).digest()
    signature = "v1," + base64.b64encode(digest).decode()
    return {"webhook-id": key, "webhook-timestamp": sent, "webhook-signature": signature}


def changes(*refs: str, repository: str = "app") -> bytes:
    moved = [{"ref": ref, "before": OLD, "after": NEW} for ref in refs]
    return json.dumps({"repository": repository, "changes": moved}).encode()


def states(journal: Path) -> list[tuple[str, str]]:
    """Read (state, reason) of every delivery, once the forwarder has let go of the journal."""
    with contextlib.closing(sqlite3.connect(journal)) as db:
        return db.execute("SELECT state, reason FROM delivery ORDER BY seq").fetchall()


@pytest.fixture
def delivery() -> Any:
    """What tests send and look at."""
    return SimpleNamespace(
        push=push, signed=signed, post_receive=post_receive, changes=changes, states=states, HOOKS=HOOKS, SECRET=SECRET
    )


@pytest.fixture
def make_daemon(short_path: Path) -> Callable[..., Daemon]:
    """Make a daemon that is not started yet."""
    return lambda **given: Daemon(short_path / "api.sock", **given)


@pytest.fixture
def git(tmp_path: Path) -> Callable[..., str]:
    """Run git with a configuration of its own; returns what it says on both streams."""

    def run(*arguments: str | bytes, at: Path = tmp_path) -> str:
        people = {f"GIT_{who}_{what}": "a@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        fixed = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C"}
        environ = {"PATH": os.environ["PATH"], **people, **fixed}
        done = subprocess.run(
            ["git", *arguments], cwd=at, env=environ, check=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        return done.stdout.decode().strip()

    return run
