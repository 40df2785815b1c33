"""Read commits, trees and blobs out of a mirror with GitPython, by object id, never through a checkout.

In: object ids. Out: bytes and tree entries. GitPython speaks to one `cat-file` process and parses what it answers; that
process is started by our own runner, so that it has our environment and nothing of the daemon's. Import this module
only when git is needed: GitPython refuses to be imported where there is no git.
"""

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ParamSpec, TypeVar, cast

from git import Git, Repo
from git.compat import safe_decode
from git.exc import GitError
from git.objects.fun import tree_entries_from_data

from orchestrator.adapters.git.deadline import Deadline
from orchestrator.adapters.git.kept import Kept
from orchestrator.adapters.git.listing import is_object_id
from orchestrator.adapters.git.process import GitRunner, kill_group
from orchestrator.adapters.git.room import Damaged
from orchestrator.domain.text import printable
from orchestrator.errors import Permanent, Temporary

_P = ParamSpec("_P")
_T = TypeVar("_T")
_LARGEST_TREE = 8 * 1024 * 1024
_LARGEST_COMMIT = 1024 * 1024
_LONGEST_SUBJECT = 200
_PIECE = 256 * 1024


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a tree; `name` is decoded with `surrogateescape`."""

    name: str
    mode: int
    id: str


@dataclass(frozen=True, slots=True)
class Commit:
    """The tree of a commit, and the first line of its message in at most 200 visible characters."""

    tree: str
    subject: str


class _GuardedGit(Git):
    """GitPython's command wrapper, able to start `cat-file` and nothing else, as every git process is started."""

    start: "Callable[[str], subprocess.Popen[bytes]]"

    def execute(self, command: Any, *_: Any, **__: Any) -> Any:
        """Start the `cat-file` that GitPython asks for; anything else is refused."""
        word, option = command[1:]
        if (word, option) not in (("cat-file", "--batch"), ("cat-file", "--batch-check")):
            raise Permanent(f"GitPython asked for git {word}, which is not allowed here")
        return self.AutoInterrupt(self.start(option), command)


class _GuardedRepo(Repo):
    GitCommandWrapperType = _GuardedGit


class Objects:
    """The objects of one mirror, for one thread at a time; whatever is read within `deadline` has to be done in time.

    Raises Damaged when an object cannot be had, Temporary when it is too late, Permanent when an object is too
    large, of another type than asked for, or not to be parsed.
    """

    def __init__(self, mirror: Path, runner: GitRunner) -> None:
        self._name = runner.name
        self._too_late = False
        self._processes: list[subprocess.Popen[bytes]] = []
        self._kept = Kept()
        self.deadline = Deadline(runner.options.deadline, self._end)
        self._repo = self._guarded(_GuardedRepo, mirror, expand_vars=False)
        self._git = cast(_GuardedGit, self._repo.git)
        self._git.start = self._starter(mirror, runner)

    def close(self) -> None:
        """End the processes behind the objects."""
        self.deadline.close()
        for process in self._processes:
            kill_group(process)
        self._repo.close()

    def read(self, object_id: str, kind: str, most: int) -> bytes:
        """Read a whole object of `kind` (`commit`, `tree`, `blob`), whose size is asked for first."""
        size = self.size(object_id, kind)
        if size > most:
            raise Permanent(f"{kind} {object_id[:12]} has {size} bytes; at most {most} are read")
        return self.whole(object_id, kind)

    def whole(self, object_id: str, kind: str) -> bytes:
        """Read a whole object whose size was asked for."""
        kept = self._kept.get(object_id, kind)
        if kept is not None:
            return kept
        pieces: list[bytes] = []
        self.copy(object_id, pieces.append)
        self._kept.put(object_id, kind, data := b"".join(pieces))
        return data

    def size(self, object_id: str, kind: str) -> int:
        """Tell the size of an object in bytes."""
        kept = self._kept.get(object_id, kind)
        if kept is not None:
            return len(kept)
        _, found, size = self._guarded(self._git.get_object_header, object_id)
        if safe_decode(found) != kind:
            raise Permanent(f"object {object_id[:12]} is a {safe_decode(found)}, not a {kind}")
        return int(size)

    def tree(self, object_id: str) -> tuple[Entry, ...]:
        """Read one tree; GitPython refuses names that mean git's own files, or another directory."""
        data = self.read(object_id, "tree", _LARGEST_TREE)
        try:
            entries = tree_entries_from_data(data)
        except ValueError as error:
            raise Permanent(f"tree {object_id[:12]} is refused: {printable(str(error), 200)}") from error
        return tuple(Entry(name, mode, binary.hex()) for binary, mode, name in entries)

    def commit(self, object_id: str) -> Commit:
        """Read one commit."""
        header, _, message = self.read(object_id, "commit", _LARGEST_COMMIT).partition(b"\n\n")
        first = header.split(b"\n", 1)[0].removeprefix(b"tree ").decode("ascii", "replace")
        if not is_object_id(first):
            raise Permanent(f"commit {object_id[:12]} names no tree")
        subject = message.lstrip(b"\n").split(b"\n", 1)[0].decode("utf-8", "replace").strip()
        return Commit(first, printable(subject, _LONGEST_SUBJECT))

    def copy(self, object_id: str, write: Callable[[bytes], object]) -> None:
        """Hand an object over in pieces."""
        _, _, left, stream = self._guarded(self._git.stream_object_data, object_id)
        try:
            while left > 0:
                piece = self._guarded(stream.read, _PIECE)
                if not piece:
                    raise self._failure(f"object {object_id[:12]} ends early")
                left -= len(piece)
                write(piece)
        finally:
            del stream  # its finalizer reads on, and would do so after the pipe is closed

    def _starter(self, mirror: Path, runner: GitRunner) -> "Callable[[str], subprocess.Popen[bytes]]":
        def start(option: str) -> "subprocess.Popen[bytes]":
            process = runner.open(f"--git-dir={mirror}", "cat-file", option)
            self._processes.append(process)
            return process

        return start

    def _guarded(self, ask: Callable[_P, _T], *of: _P.args, **how: _P.kwargs) -> _T:
        try:
            return ask(*of, **how)
        except (ValueError, OSError, GitError) as error:
            raise self._failure(printable(str(error), 200)) from error

    def _failure(self, why: str) -> Temporary:
        if self._too_late:
            return Temporary(f"{self._name}: reading the mirror took too long and was ended")
        return Damaged(f"{self._name}: the mirror is damaged: {why}")

    def _end(self) -> None:
        self._too_late = True
        for process in self._processes:
            process.kill()
