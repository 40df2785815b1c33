"""Showing something again whenever it changes, until Ctrl-C."""

import sys
import time
from collections.abc import Callable

from orchestrator.cli.daemon_client import Changes, Daemon

_REFRESH_SECONDS = 2.0
_SETTLE_SECONDS = 0.2
_CLEAR = "\x1b[H\x1b[J"


def repeat(daemon: Daemon, show: Callable[[], None]) -> None:
    """Show it now and after every change; on a terminal in place, with the times kept fresh."""
    changes = daemon.watch()
    try:
        while True:
            if sys.stdout.isatty():
                print(_CLEAR, end="")
            show()
            sys.stdout.flush()
            _wait_for_change(changes, _REFRESH_SECONDS if sys.stdout.isatty() else float("inf"))
    except KeyboardInterrupt:
        return


def _wait_for_change(changes: Changes, refresh: float) -> None:
    latest = time.monotonic() + refresh
    while not changes.take(0.5):
        if time.monotonic() > latest:
            return
    settled = time.monotonic() + _SETTLE_SECONDS
    while time.monotonic() < settled:
        changes.take(_SETTLE_SECONDS / 4)
