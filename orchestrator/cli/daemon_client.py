"""The daemon as the commands see it: questions and requests with typed answers."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from orchestrator.cli.connection import Connection, Lines
from orchestrator.cli.decode import record, records
from orchestrator.domain.entry import Entry
from orchestrator.domain.front import FrontView
from orchestrator.domain.machine_room import DeadLetterView, EngineView, Steered, TraceView
from orchestrator.domain.naming import environment_name
from orchestrator.domain.snapshot import (
    ActorView,
    Edited,
    EnvironmentView,
    EventView,
    HistoryEntry,
    ServiceView,
    Synced,
)
from orchestrator.errors import Temporary


@dataclass(frozen=True, slots=True)
class Removed:
    """The environment is gone."""

    environment: str


Change = EnvironmentView | EventView | Removed


class Daemon:
    """Raises what the daemon refuses with, Temporary when there is none."""

    def __init__(self, path: Path, seconds: float = 60.0, *, tried: Sequence[Path] = ()) -> None:
        self._connection = Connection(path, seconds, tried=tried)

    def about(self) -> dict[str, object]:
        """Say which daemon this is."""
        answer = self._connection.get("version")
        return dict(answer) if isinstance(answer, dict) else {}

    def environments(self) -> tuple[EnvironmentView, ...]:
        """Every environment."""
        return records(EnvironmentView, self._connection.get("environments"))

    def environment(self, name: str) -> EnvironmentView:
        """One environment, by branch or by its own name."""
        return record(EnvironmentView, self._connection.get("environments", _sendable(name)))

    def history(self, service: ServiceView) -> tuple[HistoryEntry, ...]:
        """The releases of a service, newest first."""
        path = ("services", service.environment, service.service, "history")
        return records(HistoryEntry, self._connection.get(*path))

    def actors(self) -> tuple[ActorView, ...]:
        """Every actor, parents before children."""
        return records(ActorView, self._connection.get("actors"))

    def engine(self) -> EngineView:
        """The counters of the actor engine."""
        return record(EngineView, self._connection.get("engine"))

    def trace(self, which: str) -> TraceView:
        """The path of a commit event, by delivery or commit."""
        return record(TraceView, self._connection.get("traces", which))

    def dead_letters(self) -> tuple[DeadLetterView, ...]:
        """The last messages that nobody handled, newest first."""
        return records(DeadLetterView, self._connection.get("dead-letters"))

    def replay(self, number: int, why: str) -> Steered:
        """Send a dead letter again."""
        return record(Steered, self._connection.send("POST", "dead-letters", str(number), "replay", value={"why": why}))

    def steer(self, address: str, verb: str, why: str) -> Steered:
        """Pause, resume, step, restart or stop an actor."""
        return record(Steered, self._connection.send("POST", "actors", address, verb, value={"why": why}))

    def edit(self, service: ServiceView, changes: dict[str, str | None], *, careful: bool) -> Edited:
        """Set and unset variables; `careful` refuses when somebody changed them since `service` was read."""
        body = {"changes": changes, "revision": service.revision if careful else ""}
        path = ("services", service.environment, service.service, "variables")
        return record(Edited, self._connection.send("PATCH", *path, value=body))

    def redeploy(self, service: ServiceView) -> Edited:
        """Make a new release of the same commit."""
        path = ("services", service.environment, service.service, "redeploy")
        return record(Edited, self._connection.send("POST", *path, value={}))

    def sync(self) -> tuple[Synced, ...]:
        """Look at every repository now, and wait for it."""
        return records(Synced, self._connection.send("POST", "sync", value={}))

    def approve_removal(self, repository: str) -> tuple[str, ...]:
        """Let held-back removals go on; the branches."""
        return _texts(self._connection.send("POST", "approve-removal", value={"repository": repository}))

    def entry(self, service: ServiceView, release: int) -> tuple[Entry, int]:
        """The way into a release (0: the newest that is Ready), and the id of the user who tells it."""
        path = ("services", service.environment, service.service, "entry")
        value, user = self._connection.identified(*path, release=release)
        return record(Entry, value), user

    def front(self, service: ServiceView, port: str) -> FrontView:
        """The URL of a port, by its name; empty: the first."""
        path = ("services", service.environment, service.service, "front")
        return record(FrontView, self._connection.get(*path, port=port))

    def logs(self, environment: str, service: str, *, release: int, tail: int, follow: bool) -> Lines:
        """Lines of JSON; service `-` is every one of the environment."""
        path = ("services", environment, service, "logs")
        return self._connection.lines(*path, release=release, tail=str(tail), follow="1" if follow else "")

    def watch(self, environment: str = "") -> "Changes":
        """The pictures of now, then each one that changes; of one environment or of all."""
        return Changes(self._connection.lines("watch", environment=_sendable(environment)))


class Changes:
    """Server-sent events as records."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self._kind = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._lines.__exit__()

    def take(self, seconds: float) -> Change | None:
        """Give the next change, None when there is none in time; raises Temporary when the daemon goes away."""
        try:
            line = self._lines.take(seconds)
        except EOFError as error:
            raise Temporary(str(error)) from error
        field, _, value = (line or b"").decode().partition(": ")
        if field == "event":
            self._kind = value
        return self._change(value) if field == "data" else None

    def _change(self, data: str) -> Change | None:
        kinds: dict[str, type[Change]] = {"environment": EnvironmentView, "happened": EventView, "removed": Removed}
        kind = kinds.get(self._kind)
        return record(kind, json.loads(data)) if kind else None


def _sendable(name: str) -> str:
    """A branch whose name is no UTF-8 can only be asked for by the name of its environment."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return environment_name(name)
    return name


def _texts(value: object) -> tuple[str, ...]:
    return tuple(str(item) for item in value) if isinstance(value, list) else ()
