"""One repository: its heads as git tells them, and a bare mirror that objects are read from.

In: a URL from the settings, and commits. Out: heads, Score files, trees on disk. The mirror is a cache: what is odd in
it is answered by cloning again. One actor owns it; `lay_out` may be called from other threads at the same time.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from orchestrator.adapters.git.clone import Clone
from orchestrator.adapters.git.heads import Branches, HeadContent, Heads
from orchestrator.adapters.git.listing import is_object_id
from orchestrator.adapters.git.options import GitOptions
from orchestrator.adapters.git.process import GitRunner
from orchestrator.adapters.git.remote import list_heads
from orchestrator.adapters.git.room import Damaged, Room
from orchestrator.domain.git_url import validate
from orchestrator.domain.text import printable
from orchestrator.errors import NotFound, Permanent, Temporary

if TYPE_CHECKING:
    from orchestrator.adapters.git.reader import Reader

_T = TypeVar("_T")
_FEW = 32
"""So many commits are asked for sooner than git lists all heads."""


class Mirror:
    """The mirror of one repository in a directory of its own.

    `default_branch` is the setting, None to ask the remote. Raises Permanent when the URL is refused. Every error line
    begins with the repository's name.
    """

    def __init__(
        self, directory: Path, name: str, url: str, options: GitOptions, default_branch: str | None = None
    ) -> None:
        self.name = name
        self._options = options
        self._runner = GitRunner(name, validate(url, options.protocols, options.hosts), options)
        self._room = Room(directory.absolute())
        self._clone = Clone(self._room, self._runner)
        self._writing = threading.Lock()
        self._making = threading.Lock()
        self._made_reader: Reader | None = None
        self._default_branch = default_branch
        self._last_default: str | None = None
        self._held: Branches | None = None
        self._damaged = False

    def open(self) -> None:
        """Lock the directory and remove what a killed process left in it.

        Raises Temporary when another process holds it, Permanent when it cannot be used.
        """
        self._room.enter()
        with self._write():
            self._held = None
            self._room.sweep()

    def close(self) -> None:
        """End the processes that read, and give the directory back."""
        if self._made_reader is not None:
            self._made_reader.forget()
        self._room.leave()

    def heads(self) -> Heads:
        """Ask the remote for its heads: one `ls-remote`.

        Raises Temporary when it gives no answer, or has no branch yet; Permanent when nothing names a default branch.
        """
        first_contact = self._last_default is None and not self.known()
        heads = list_heads(self._runner, self._default_branch, self._last_default, first_contact=first_contact)
        self._last_default = heads.default_branch
        return heads

    def known(self) -> Branches:
        """List the heads that the mirror has held since its last fetch; nobody else changes them."""
        if self._held is None:
            self._held = self._clone.heads()
        return self._held

    def lacks(self, heads: Heads) -> bool:
        """Tell whether a fetch is due, since the mirror is damaged or its heads are others.

        Heads that prove no removal and show nothing new ask for none: the mirror remembers what was there.
        """
        known = self.known()
        new = set(heads.branches) - set(known)
        return self._damaged or bool(new) or (known != heads.branches and not heads.proves_no_removal)

    def fetch(self, told: Branches = ()) -> Branches:
        """Bring the mirror up to date, or make it; returns the heads that it holds after that.

        `told` are the heads that the remote named just before; while the commits of the few that moved are there, they
        count, and what moved since shows the next time. Raises Temporary when the remote does not answer in time; the
        mirror keeps what it had.
        """
        with self._write():
            before, self._held = self._held or (), None
            if self._damaged or not self._clone.exists():
                self._renew()
            else:
                self._clone.update()
                moved = {commit for _, commit in set(told) - set(before)}
                if told and len(moved) <= _FEW and self._reader().holds(moved):
                    self._held = told
        return self.known()

    def tidy(self) -> None:
        """Pack what many fetches left; for when nobody waits."""
        with self._write():
            self._clone.tidy()

    def read_head(self, commit: str, globs: Sequence[str]) -> HeadContent:
        """Read the subject of a commit and the Score files that the globs name.

        Raises Permanent with one line when the commit breaks a limit, NotFound when it is nowhere to be had.
        """
        return self._healing(commit, lambda: self._reader().head(commit, globs))

    def lay_out(self, commit: str, directory: Path) -> tuple[str, ...]:
        """Write the tree of a commit into a new or empty directory; returns a line for each entry left out.

        Raises as `read_head`; Temporary also when the disk does not take it.
        """
        return self._healing(commit, lambda: self._reader().lay_out(commit, directory))

    def _reader(self) -> "Reader":
        from orchestrator.adapters.git.reader import Reader  # noqa: PLC0415  (GitPython needs git to be imported)

        with self._making:
            if self._made_reader is None:
                self._made_reader = Reader(self._room.mirror, self._runner)
            return self._made_reader

    def _healing(self, commit: str, read: Callable[[], _T]) -> _T:
        if not is_object_id(commit):
            raise Permanent(f"{self.name}: {printable(commit, 80)} is not the full id of a commit")
        try:
            return read()
        except Damaged:
            self._heal(commit)
        try:
            return read()
        except Damaged:
            self._damaged = True
            raise

    def _heal(self, commit: str) -> None:
        with self._write():
            if self._should_hold(commit):
                self._renew()
            elif not self._clone.bring(commit):
                raise NotFound(
                    f"{self.name}: no branch leads to commit {commit[:12]}, and its host does not hand it out"
                )

    def _should_hold(self, commit: str) -> bool:
        held = {head for _, head in self._clone.heads()}
        return commit in held or not self._clone.exists() or self._reader().has(commit)

    def _renew(self) -> None:
        self._held = None
        self._clone.renew()
        self._damaged = False
        self._reader().forget()

    @contextmanager
    def _write(self) -> Iterator[None]:
        if not self._writing.acquire(timeout=self._options.deadline):
            raise Temporary(f"{self.name}: the mirror is still being fetched")
        try:
            yield
        finally:
            self._writing.release()
