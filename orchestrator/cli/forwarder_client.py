"""The forwarder as the commands see it: questions and requests with typed answers."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import typer

from orchestrator.cli import socket_path
from orchestrator.cli.connection import Connection, Lines
from orchestrator.cli.decode import record, records
from orchestrator.cli.session import Common
from orchestrator.domain.delivery import DeliveryList, DeliveryView, HookView, Reloaded
from orchestrator.errors import Temporary


class Forwarder:
    """Raises what the forwarder refuses with, Temporary when there is none."""

    def __init__(self, path: Path, seconds: float = 60.0, *, tried: Sequence[Path] = ()) -> None:
        self._connection = Connection(path, seconds, tried=tried, who="forwarder")

    def deliveries(self, *, hook: str = "", failed: bool = False, limit: int = 100) -> DeliveryList:
        """The newest deliveries."""
        answer = self._connection.get("deliveries", hook=hook, failed="1" if failed else "", limit=limit)
        return record(DeliveryList, answer)

    def delivery(self, number: int, *, settled: int = 0) -> DeliveryView:
        """One delivery; with `settled`, once it waits for nothing, at the latest after so many seconds."""
        return record(DeliveryView, self._connection.get("deliveries", str(number), settled=settled or ""))

    def replay(self, number: int) -> DeliveryView:
        """Have one delivery read and forwarded once more."""
        return record(DeliveryView, self._connection.send("POST", "deliveries", str(number), "replay", value={}))

    def hooks(self) -> tuple[HookView, ...]:
        """The hooks that are served."""
        return records(HookView, self._connection.get("hooks"))

    def reload(self) -> Reloaded:
        """Have the hooks read from the settings again."""
        return record(Reloaded, self._connection.send("POST", "reload", value={}))

    def watch(self) -> "News":
        """Hear of every delivery that is new, or has come further."""
        return News(self._connection.lines("watch"))


class News:
    """One True for each piece of news."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._lines.__exit__()

    def take(self, seconds: float) -> bool | None:
        """Wait for news; None when there is none in time. Raises Temporary when the forwarder goes away."""
        try:
            line = self._lines.take(seconds)
        except EOFError as error:
            raise Temporary(str(error)) from error
        return True if (line or b"").startswith(b"data:") else None


def open_forwarder(context: typer.Context, given: Path | None, seconds: float = 60.0) -> Forwarder:
    """Find the forwarder: at the socket that was named, else where the settings put it, else beside the daemon's."""
    common = context.find_object(Common) or Common()
    tried = socket_path.forwarder_places(given, common.socket, os.environ)
    return Forwarder(tried[-1], seconds, tried=tried)
