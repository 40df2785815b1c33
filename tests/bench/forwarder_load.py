"""A forwarder under load, and the daemon that it tells: for whoever puts faults in its way.

In: a directory. Out: what was answered 202, what the daemon was told, and an AssertionError when something was answered
that the daemon never heard.
"""

import asyncio
import base64
import contextlib
import hashlib
import hmac
import json
import os
import sqlite3
import sys
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from aiohttp import ClientError, ClientSession, ClientTimeout, web

ROOT = Path(__file__).parents[2]
SECRET = b"0123456789abcdef0123456789abcdef"
DEADLINE = 60.0
FORWARDER = (sys.executable, "-m", "orchestrator", "forwarder")


@contextlib.asynccontextmanager
async def within(seconds: float, what: str) -> AsyncIterator[None]:
    """Give up after so long, with an AssertionError that names what was waited for."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError as error:
        raise AssertionError(f"not within {seconds:g} s: {what}") from error


class Daemon:
    """Takes hints on a unix socket; may be away, or kill the forwarder before it answers."""

    def __init__(self, socket: Path) -> None:
        self.told: set[str] = set()
        self.repeats = 0
        self.away = False
        self.victim: Forwarder | None = None
        self._socket = socket
        self._changed = asyncio.Event()

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """Listen until the block ends."""
        app = web.Application(client_max_size=2**24)
        app.router.add_post("/v1/hints", self._take)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await runner.setup()
        await web.UnixSite(runner, str(self._socket)).start()
        try:
            yield
        finally:
            await runner.cleanup()

    async def until_told(self, refs: set[str]) -> None:
        """Wait until every ref was told; what is missing after the deadline is lost."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(DEADLINE):
                while not refs <= self.told:
                    self._changed.clear()
                    await self._changed.wait()
        lost = refs - self.told
        assert not lost, f"{len(lost)} acknowledged deliveries were lost, such as {min(lost)}"

    async def _take(self, request: web.Request) -> web.Response:
        hints = json.loads(await request.read())
        if self.away:
            return web.Response(status=503)
        refs = {hint["ref"] for hint in hints}
        self.repeats += len(refs & self.told)
        self.told |= refs
        self._changed.set()
        if self.victim:
            self.victim.kill()
            self.victim = None
        return web.Response(status=202)


class Forwarder:
    """A forwarder in a process of its own; what it logs is read, so that it never waits for a reader."""

    def __init__(self, process: asyncio.subprocess.Process, url: str) -> None:
        assert process.stderr
        self.url = url
        self.process = process
        self._log = asyncio.create_task(process.stderr.read())

    def memory(self) -> int:
        """Read its resident memory in bytes."""
        pages = Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    def kill(self) -> None:
        """Send SIGKILL, if it is still there."""
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()

    async def ended(self) -> str:
        """Wait for its end; returns what it logged after it was ready."""
        async with within(DEADLINE, "the forwarder ends"):
            await self.process.wait()
            return (await self._log).decode()


class Load:
    """Signed deliveries, each about a branch of its own; remembers those that were answered 202."""

    def __init__(self) -> None:
        self.acknowledged: set[str] = set()
        self._number = 0
        self._acknowledgement = asyncio.Event()

    async def send(self, url: str) -> None:
        """Send until the forwarder is gone."""
        async with ClientSession(timeout=ClientTimeout(total=20)) as client:
            with contextlib.suppress(ClientError, OSError, TimeoutError):
                while True:
                    await self.send_one(client, url)

    async def send_last(self, url: str) -> None:
        """Send one that comes after all others in the journal."""
        async with ClientSession(timeout=ClientTimeout(total=20)) as client:
            assert await self.send_one(client, url) == 202

    async def send_one(self, client: ClientSession, url: str) -> int:
        """Send one; returns the status of the answer."""
        self._number += 1
        ref = f"refs/heads/b{self._number}"
        body = _body(ref)
        async with client.post(url, data=body, headers=_signed(body, ref)) as answer:
            if answer.status == 202:
                self.acknowledged.add(ref)
                self._acknowledgement.set()
            return answer.status

    async def until_more(self, count: int) -> None:
        """Wait until so many more were acknowledged."""
        before = len(self.acknowledged)
        async with within(DEADLINE, f"{count} more deliveries are answered 202"):
            while len(self.acknowledged) < before + count:
                self._acknowledgement.clear()
                await self._acknowledgement.wait()


async def finish(settings: Path, daemon: Daemon, load: Load) -> None:
    """Let one forwarder end what the others began, of which some was on disk and not answered yet."""
    daemon.away = False
    forwarder = await start(settings)
    try:
        await load.send_last(forwarder.url)
        await daemon.until_told(load.acknowledged)
        forwarder.process.terminate()
        await forwarder.ended()
    finally:
        forwarder.kill()
        await forwarder.ended()


def check(journal: Path) -> int:
    """Hold the journal's file to be whole and all of it to be forwarded; returns how many deliveries it keeps."""
    with contextlib.closing(sqlite3.connect(journal)) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        found = dict(db.execute("SELECT state, COUNT(*) FROM delivery GROUP BY state").fetchall())
    assert set(found) == {"forwarded"}, f"not everything is marked as forwarded: {found}"
    return int(found["forwarded"])


class NotStarted(Exception):
    """The forwarder ended with `status` before it was ready; `said` is what it wrote."""

    def __init__(self, status: int, said: str) -> None:
        super().__init__(f"the forwarder ended with status {status} before it was ready: {said}")
        self.status, self.said = status, said


async def start(settings: Path, program: Sequence[str] = FORWARDER) -> Forwarder:
    """Start a forwarder and wait until it is ready; raises `NotStarted`."""
    environ = {name: text for name, text in os.environ.items() if not name.startswith("ANABRANCH")}
    environ["PYTHONPATH"] = str(ROOT)
    process = await asyncio.create_subprocess_exec(
        *program, "--settings", str(settings), cwd=ROOT, env=environ, stderr=asyncio.subprocess.PIPE
    )
    try:
        async with within(DEADLINE, "the forwarder is ready"):
            return await _ready(process)
    except BaseException:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        raise


async def _ready(process: asyncio.subprocess.Process) -> Forwarder:
    assert process.stderr
    said = b""
    while line := await process.stderr.readline():
        if b"forwarder is ready" in line:
            return Forwarder(process, f"{json.loads(line)['address']}/hooks/local")
        said += line
    raise NotStarted(await process.wait(), said.decode())


def write_settings(directory: Path) -> Path:
    """Write settings with one hook, `local`, and the daemon beside it."""
    (directory / "secret").write_bytes(SECRET)
    hook = {"name": "local", "provider": "post-receive", "secret_files": ["secret"], "repositories": {"app": "app"}}
    door = {"socket": str(directory / "api.sock")}
    forwarder = {"address": "127.0.0.1:0", "socket": "forwarder.sock", "hooks": [hook], "daemon": door}
    log = {"format": "json", "level": "info"}
    file = directory / "anabranch.yaml"
    file.write_text(json.dumps({"state": "state", "log": log, "forwarder": forwarder}))
    return file


def _body(ref: str) -> bytes:
    change = {"ref": ref, "before": "0" * 40, "after": "1" * 40}
    return json.dumps({"repository": "app", "changes": [change]}).encode()


def _signed(body: bytes, ref: str) -> dict[str, str]:
    key, sent = ref.rpartition("/")[2], str(int(time.time()))
    digest = hmac.new(SECRET, f"{key}.{sent}.".encode() + body, hashlib.sha256).digest()
    signature = f"v1,{base64.b64encode(digest).decode()}"
    return {"webhook-id": key, "webhook-timestamp": sent, "webhook-signature": signature}
