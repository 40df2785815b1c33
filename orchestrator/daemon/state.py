"""The state directory: one daemon at a time, nobody else's, closed to others.

In: the directory of the settings. Out: a lock that the kernel takes back when the process ends, however it ends.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from orchestrator.errors import Permanent


@contextmanager
def locked(directory: Path) -> Iterator[None]:
    """Hold the state directory; raises Permanent with one line when it cannot be had."""
    _prepare(directory)
    with (directory / "daemon.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Permanent(_taken(directory)) from None
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield


def _prepare(directory: Path) -> None:
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = directory.stat()
    except OSError as error:
        raise Permanent(f"state directory {directory}: {error.strerror}; set another one (state)") from None
    if found.st_uid != os.geteuid():
        raise Permanent(f"state directory {directory} belongs to another user; set one of your own (state)")
    if found.st_mode & 0o022:
        raise Permanent(f"state directory {directory} can be written by others: chmod 700 {directory}")


def _taken(directory: Path) -> str:
    pid = (directory / "daemon.lock").read_text().strip()
    holder = f"process {pid}" if pid.isdigit() else "another process"
    return f"{directory} is in use by {holder}; stop it, or set another state directory (state)"
