"""End processes for certain, those included that fork while they are being ended."""

import os
import signal
from collections.abc import Callable
from contextlib import suppress

_SWEEPS = 20


def kill_group(leader: int, number: int = signal.SIGKILL) -> None:
    """Send a signal to a process group; one that is gone is no error."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, number)


def kill(pid: int) -> None:
    """Kill one process; one that is gone is no error."""
    with suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signal.SIGKILL)


def kill_all(found: Callable[[], tuple[int, ...]]) -> None:
    """Kill what `found` names until it names nobody, a bounded number of times."""
    for _ in range(_SWEEPS):
        names = found()
        if not names:
            return
        for pid in names:
            kill(pid)
