"""Reads heads and whole trees out of one mirror.

In: commits. Out: head contents, laid-out trees. Heads are read over one pair of long-lived processes, one at a time;
each tree is laid out over a pair of its own, since GitPython mixes up answers when threads share one.
"""

import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import TypeVar

from orchestrator.adapters.git.head import read_head
from orchestrator.adapters.git.heads import HeadContent
from orchestrator.adapters.git.objects import Objects
from orchestrator.adapters.git.process import GitRunner
from orchestrator.adapters.git.room import Damaged
from orchestrator.adapters.git.tree import lay_out
from orchestrator.errors import AnabranchError

_T = TypeVar("_T")


class Reader:
    """Reads one mirror; any thread may call. Raises Damaged when the mirror lacks what is asked for."""

    def __init__(self, mirror: Path, runner: GitRunner) -> None:
        self._mirror = mirror
        self._runner = runner
        self._options = runner.options
        self._lock = threading.Lock()
        self._shared: Objects | None = None

    def head(self, commit: str, globs: Sequence[str]) -> HeadContent:
        """Read the subject and the Score files of one commit."""
        return self._ask(lambda objects: read_head(objects, commit, globs, self._options))

    def holds(self, commits: Iterable[str]) -> bool:
        """Tell whether the mirror can find all of these commits."""
        try:
            return self._ask(lambda objects: all(objects.size(commit, "commit") for commit in commits))
        except AnabranchError:
            return False

    def lay_out(self, commit: str, directory: Path) -> tuple[str, ...]:
        """Write the tree of one commit into a fresh directory."""
        with closing(self._open()) as objects, objects.deadline.within():
            return lay_out(objects, commit, directory, self._options)

    def has(self, commit: str) -> bool:
        """Tell whether the mirror can find a commit."""
        try:
            with closing(self._open()) as objects, objects.deadline.within():
                objects.size(commit, "commit")
        except Damaged:
            return False
        return True

    def forget(self) -> None:
        """Let go of the mirror's files; the next call opens them again."""
        with self._lock:
            self._drop()

    def _ask(self, ask: Callable[[Objects], _T]) -> _T:
        with self._lock:
            self._shared = self._shared or self._open()
            try:
                with self._shared.deadline.within():
                    return ask(self._shared)
            except BaseException:
                self._drop()
                raise

    def _open(self) -> Objects:
        return Objects(self._mirror, self._runner)

    def _drop(self) -> None:
        if self._shared is not None:
            self._shared.close()
            self._shared = None
