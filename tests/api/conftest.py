"""The API on real sockets, before a Board filled by hand and a gateway that remembers what it was asked.

The gateway is written here because actors are tested on their own: this suite is about the border, and a gateway that
fails, hangs or hands out endless lines on demand is what shows how the border behaves.
"""

import contextlib
import http.client
import json
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest

from orchestrator.adapters.api import Api, ApiOptions
from orchestrator.adapters.board import Board
from orchestrator.domain.entry import Entry, Pod
from orchestrator.domain.front import FrontView
from orchestrator.domain.hint import RefHint
from orchestrator.domain.machine_room import (
    DeadLetterView,
    EngineView,
    KindView,
    Spread,
    Steered,
    StepView,
    TraceView,
)
from orchestrator.domain.snapshot import (
    ActorView,
    Edited,
    EnvironmentView,
    EventView,
    HistoryEntry,
    ServiceView,
    Synced,
)
from orchestrator.domain.status import Health

SECONDS = 20.0


def environment(
    name: str, branch: str = "", *, note: str = "", services: tuple[str, ...] = ("web",)
) -> EnvironmentView:
    views = tuple(
        ServiceView(
            name,
            service,
            service,
            branch or name,
            present=True,
            status=Health.READY,
            note="",
            changed=1.0,
            revision="r1",
        )
        for service in services
    )
    return EnvironmentView(name, branch or name, name == "main", Health.READY, note, 1.0, views)


class Lines:
    """Lines that a test writes one by one; `closed` tells that the API let go of them."""

    def __init__(self, *texts: str, ends: bool = False) -> None:
        self._queue: SimpleQueue[str | None] = SimpleQueue()
        self.closed = threading.Event()
        self.asked = threading.Event()
        for text in texts:
            self.write(text)
        if ends:
            self._queue.put(None)

    def write(self, text: str) -> None:
        self._queue.put(text)

    def __iter__(self) -> Iterator[tuple[int, float, str]]:
        self.asked.set()
        while (text := self._queue.get()) is not None:
            yield 1, 2.0, text

    def close(self) -> None:
        self.closed.set()
        self._queue.put(None)


@dataclass
class Gateway:
    """Answers with fixed values, or raises `failure`; waits for `gate` first, if there is one."""

    calls: list[tuple[Any, ...]] = field(default_factory=list)
    failure: Exception | None = None
    gate: threading.Event | None = None
    lines: dict[str, Any] = field(default_factory=dict)
    entry: Entry = field(default_factory=lambda: Entry("main", "web", 3, pod=Pod("main", "web-a", ("web",))))

    def _asked(self, *call: Any) -> None:
        self.calls.append(call)
        if self.gate and call[0] != "hint":
            self.gate.wait(SECONDS)
        if self.failure:
            raise self.failure

    def hint(self, hints: tuple[RefHint, ...]) -> None:
        self._asked("hint", *hints)

    def sync(self) -> tuple[Synced, ...]:
        self._asked("sync")
        return (Synced("app", ""), Synced("web", "cannot be listed"))

    def approve_removal(self, repository: str) -> tuple[str, ...]:
        self._asked("approve_removal", repository)
        return ("bugfix",)

    def edit(
        self, environment: str, service: str, changes: tuple[tuple[str, str | None], ...], *, revision: str, by: str
    ) -> Edited:
        self._asked("edit", environment, service, changes, revision, by)
        return Edited(environment, service, 2, "done")

    def redeploy(self, environment: str, service: str, *, by: str) -> Edited:
        self._asked("redeploy", environment, service, by)
        return Edited(environment, service, 3, "again")

    def history(self, environment: str, service: str) -> tuple[HistoryEntry, ...]:
        self._asked("history", environment, service)
        return (HistoryEntry(environment, service, 1, "a" * 40, "Start", "push", "", 1.0, "Serving", "first"),)

    def events(self, environment: str | None, limit: int) -> tuple[EventView, ...]:
        self._asked("events", environment, limit)
        return (EventView(1, 1.0, "main", "web", "Ready", "v1 is ready", "push"),)

    def logs(self, environment: str, service: str, release: int | None, *, tail: int, follow: bool) -> Any:
        self._asked("logs", environment, service, release, tail, follow)
        found = self.lines.get(service, Lines(ends=True))
        if isinstance(found, Exception):
            raise found
        return found

    def enter(self, environment: str, service: str, release: int | None) -> Entry:
        self._asked("enter", environment, service, release)
        return self.entry

    def front(self, environment: str, service: str, port: str) -> FrontView:
        self._asked("front", environment, service, port)
        return FrontView(environment, service, port or "http", "http://127.0.0.1:20017")

    def actors(self) -> tuple[ActorView, ...]:
        self._asked("actors")
        return (ActorView("1", "orchestrator", "Orchestrator", "idle", "", "", 0, 1, 0, 0.0, 1.0),)

    def engine(self) -> EngineView:
        self._asked("engine")
        spread = Spread(3, 0.5, 0.1, 0.4, (0.1, 1.0), (1, 2, 0))
        kinds = (KindView("service", 2, 7, 1, spread),)
        return EngineView(2, 3, 1, 1, (("dead", 4),), 3, 1, 1, 0, 5, kinds, spread, 0.0)

    def trace(self, which: str) -> TraceView:
        self._asked("trace", which)
        return TraceView(which, 1.0, (), (StepView(1.0, "api", "", "RefHint"),))

    def dead_letters(self) -> tuple[DeadLetterView, ...]:
        self._asked("dead_letters")
        return (DeadLetterView(1, 1.0, "dead", "", "service main:web", "/A1", "/A2", "Define", (), "41"),)

    def replay(self, number: int, *, by: str, why: str) -> Steered:
        self._asked("replay", number, by, why)
        return Steered("/A1", "service main:web", "sent again")

    def steer(self, address: str, verb: str, *, by: str, why: str) -> Steered:
        self._asked("steer", address, verb, by, why)
        return Steered(address, "service main:web", "done")


@dataclass
class Answer:
    status: int
    body: bytes
    headers: dict[str, str]

    @property
    def value(self) -> Any:
        return json.loads(self.body)


class Stream:
    """An answer that keeps coming, read line by line with a deadline."""

    def __init__(self, connection: socket.socket, path: str) -> None:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: daemon\r\n\r\n".encode())
        self._response = http.client.HTTPResponse(connection)
        self._response.begin()
        self.status = self._response.status

    def line(self) -> bytes:
        """Give the next line that is not empty and no sign of life; b"" at the end."""
        while line := self._response.readline():
            if line.strip() and not line.startswith(b":"):
                return line.rstrip(b"\n")
        return b""

    def change(self) -> tuple[str, Any]:
        """Give the next server-sent event."""
        kind, data = self.line(), self.line()
        return kind.removeprefix(b"event: ").decode(), json.loads(data.removeprefix(b"data: "))

    def ends(self) -> bool:
        """Read to the end, however it comes."""
        with contextlib.suppress(http.client.HTTPException, ConnectionError):
            while self._response.readline():
                pass
        return True

    def close(self) -> None:
        self._response.close()


@dataclass
class House:
    """A served API and everything behind it."""

    api: Api
    board: Board
    gateway: Gateway
    socket: Path
    trouble: list[str]

    def connect(self, port: int = 0) -> socket.socket:
        """Open a connection to the unix socket, or to a port."""
        if port:
            return socket.create_connection(("127.0.0.1", port), timeout=SECONDS)
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(SECONDS)
        connection.connect(str(self.socket))
        return connection

    def ask(
        self, method: str, path: str, body: bytes | None = None, *, port: int = 0, headers: dict[str, str] | None = None
    ) -> Answer:
        """Send one request on a connection of its own."""
        client = http.client.HTTPConnection("daemon")
        client.sock = self.connect(port)
        with contextlib.closing(client):
            client.request(method, path, body, headers or {})
            with client.getresponse() as response:
                return Answer(response.status, response.read(), dict(response.headers))

    def get(self, path: str, port: int = 0) -> Answer:
        return self.ask("GET", path, port=port)

    def send(self, method: str, path: str, value: object) -> Answer:
        return self.ask(method, path, json.dumps(value).encode())

    def raw(self, request: bytes, port: int = 0) -> bytes:
        """Send bytes as they are, as far as they are taken, and read until the other side closes, however it does."""
        read = b""
        with self.connect(port) as connection:
            with contextlib.suppress(ConnectionError):
                connection.sendall(request)
            with contextlib.suppress(ConnectionError):
                while part := connection.recv(65536):
                    read += part
        return read

    @contextlib.contextmanager
    def stream(self, path: str) -> Iterator[Stream]:
        connection = self.connect()
        with connection, contextlib.closing(Stream(connection, path)) as stream:
            yield stream


@pytest.fixture
def directory() -> Iterator[Path]:
    """A directory whose sockets' paths are short enough."""
    with tempfile.TemporaryDirectory(prefix="ab-") as made:
        yield Path(made)


@pytest.fixture
def open_house(directory: Path) -> Iterator[Callable[..., House]]:
    """Serve an API; `options` are those of ApiOptions."""
    with contextlib.ExitStack() as stack:

        def opened(**options: Any) -> House:
            board, gateway, trouble = Board(), Gateway(), [""]
            board.publish(environment("main"))
            board.publish(environment("feature-login-k3v9", "feature/LOGIN"))
            at = options.pop("socket", directory / "api.sock")
            api = Api(ApiOptions(at, **options), board, gateway, {"version": "1"}, lambda: trouble[0])
            api.start()
            stack.callback(api.stop)
            return House(api, board, gateway, at, trouble)

        yield opened


@pytest.fixture
def house(open_house: Callable[..., House]) -> House:
    return open_house()


@pytest.fixture
def made() -> Any:
    """What tests fill the board and the gateway with."""
    return type("Made", (), {"environment": staticmethod(environment), "Lines": Lines, "SECONDS": SECONDS})
