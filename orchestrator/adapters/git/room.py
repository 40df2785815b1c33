"""The directory of one mirror: locked by one process, swept of what a killed git left, swapped for a fresh clone.

DIRECTORY/lock   held for as long as the room is open
DIRECTORY/git    the mirror
DIRECTORY/new    a clone that is being made; it becomes `git` when it is whole
DIRECTORY/old    the mirror that a clone replaced, on its way out
"""

import contextlib
import fcntl
import os
import shutil
from pathlib import Path

from orchestrator.errors import Permanent, Temporary

_CONFIG = "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = true\n"
_LEFT_OVERS = ("**/*.lock", "objects/pack/tmp_*", "objects/pack/.tmp-*", "objects/??/tmp_obj_*", "objects/tmp_objdir-*")
_NEVER_OURS = ("hooks", "objects/info/alternates", "info/attributes", "commondir")


class Damaged(Temporary):
    """The mirror does not give back an object that it should hold."""


class Room:
    """Owns the directory of one mirror. Not for use from two threads at once."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.mirror = directory / "git"
        self.new = directory / "new"
        self._old = directory / "old"
        self._lock: int | None = None

    @property
    def holding(self) -> tuple[int, ...]:
        """The lock's descriptor: a git process that keeps it open keeps a restarted daemon out until it ends."""
        return () if self._lock is None else (self._lock,)

    def enter(self) -> None:
        """Make and lock the directory; raises Temporary when another process holds it."""
        if self._lock is not None:
            return
        try:
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = _take_lock(self._directory / "lock")
        except BlockingIOError as error:
            raise Temporary(f"{self._directory} is in use by another process; stop it or wait for its end") from error
        except OSError as error:
            raise Permanent(f"{self._directory} cannot be used for a mirror: {error.strerror}") from error

    def leave(self) -> None:
        """Give the lock back."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def sweep(self) -> None:
        """Remove what a killed git left, and whatever in the mirror could make git run or read something else."""
        for directory in (self.new, self._old):
            remove(directory)
        if not is_mirror(self.mirror):
            remove(self.mirror)
            return
        for pattern in _LEFT_OVERS:
            for left in tuple(self.mirror.glob(pattern)):
                remove(left)
        for name in _NEVER_OURS:
            remove(self.mirror / name)
        (self.mirror / "config").write_text(_CONFIG)

    def swap(self) -> None:
        """Put the new clone into the mirror's place."""
        if self.mirror.exists():
            self.mirror.rename(self._old)
        self.new.rename(self.mirror)
        remove(self._old)


def is_mirror(directory: Path) -> bool:
    """Tell whether a directory looks like a bare repository; links do not count."""
    parts = (directory, directory / "objects", directory / "refs")
    return all(part.is_dir() and not part.is_symlink() for part in parts) and (directory / "HEAD").is_file()


def remove(path: Path) -> None:
    """Remove a file, a link or a whole directory, whether or not it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(FileNotFoundError):
            path.unlink()


def _take_lock(file: Path) -> int:
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor
