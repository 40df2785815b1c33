"""Showing something again whenever it changes, until Ctrl-C."""

import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol

from orchestrator.domain.snapshot import EventView

_REFRESH_SECONDS = 2.0
_SETTLE_SECONDS = 0.2
_CLEAR = "\x1b[H\x1b[J"


class Changes(Protocol):
    """What changes, one after the other."""

    def take(self, seconds: float) -> object | None:
        """Give the next change, None when there is none in time."""


class Watched(Protocol):
    """The daemon, or the forwarder."""

    def watch(self) -> AbstractContextManager[Changes]:
        """Begin to listen for changes."""


def repeat(watched: Watched, show: Callable[[], None]) -> None:
    """Show it now and after every change; on a terminal in place, with the times kept fresh."""
    on_terminal = sys.stdout.isatty()
    try:
        with watched.watch() as changes:
            _settle(changes)
            while True:
                print(_CLEAR if on_terminal else "", end="")
                show()
                sys.stdout.flush()
                _wait_for_change(changes, _REFRESH_SECONDS if on_terminal else float("inf"))
    except KeyboardInterrupt:
        return


def _wait_for_change(changes: Changes, refresh: float) -> None:
    latest = time.monotonic() + refresh
    while isinstance(changes.take(0.5), EventView | None):
        if time.monotonic() > latest:
            return
    _settle(changes)


def _settle(changes: Changes) -> None:
    """Let what comes at once be over, so that it is shown once."""
    settled = time.monotonic() + _SETTLE_SECONDS
    while time.monotonic() < settled:
        changes.take(_SETTLE_SECONDS / 4)
