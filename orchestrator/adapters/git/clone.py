"""The bare clone behind a mirror: made, brought up to date, repaired, packed.

In: the runner of one repository and its room. Out: the heads that the clone holds. Branch names never reach a command
line: one fixed refspec, or one object id.
"""

from pathlib import Path

from orchestrator.adapters.git.heads import Branches
from orchestrator.adapters.git.listing import MIRRORED, read_mirror
from orchestrator.adapters.git.process import GitRunner, Outcome
from orchestrator.adapters.git.remote import ask
from orchestrator.adapters.git.room import Room, is_mirror, remove
from orchestrator.errors import Temporary

_HEADS = f"+refs/heads/*:{MIRRORED}*"
_FETCH = ("fetch", "--progress", "--prune", "--no-tags", "--no-write-fetch-head")
_FETCH_ONE = ("fetch", "--progress", "--no-tags", "--no-write-fetch-head")
_MOST_PACKS = 50
_MOST_LOOSE = 2000


class Clone:
    """One bare clone; its writing calls must not overlap."""

    def __init__(self, room: Room, runner: GitRunner) -> None:
        self._room = room
        self._runner = runner
        self._untidy = True

    def exists(self) -> bool:
        """Tell whether there is a clone on disk."""
        return is_mirror(self._room.mirror)

    def heads(self) -> Branches:
        """List the heads as of the last fetch; empty when there is no clone, or none that can be read."""
        if not self.exists():
            return ()
        outcome = self._git("for-each-ref", "--format=%(objectname)%00%(refname)", MIRRORED)
        return read_mirror(outcome.output) if outcome.code == 0 else ()

    def update(self) -> None:
        """Fetch what moved; a clone that git cannot fetch into, though the host answers, is made anew.

        Raises Temporary when the host does not answer, or not in time.
        """
        if self._fetch().code != 0:
            ask(self._runner)
            self._room.sweep()
            if not self.exists() or self._fetch().code != 0:
                self.renew()
        self._untidy = True

    def tidy(self) -> None:
        """Pack objects and names when there are many of them; to count is work too, so only after a fetch.

        What takes too long is left as it was until the next one.
        """
        if self._untidy and self.exists():
            self._untidy = False
            try:
                self._pack()
            except Temporary:
                self._room.sweep()

    def renew(self) -> None:
        """Clone into a fresh directory and put it into the old one's place; the old one stays when that fails."""
        remove(self._room.new)
        self._demand(self._runner.run("init", "--bare", "--quiet", "--object-format=sha1", "--", str(self._room.new)))
        try:
            self._demand(self._fetch(self._room.new, self._runner.options.clone_deadline))
        except Temporary:
            remove(self._room.new)
            raise
        self._git("pack-refs", "--all", directory=self._room.new)
        self._room.swap()

    def bring(self, commit: str) -> bool:
        """Fetch one commit that no branch leads to any more; False when the host does not hand it out."""
        return self._git(*_FETCH_ONE, "--", self._runner.url.text, commit, slow=True).code == 0

    def _fetch(self, directory: Path | None = None, deadline: float | None = None) -> Outcome:
        url = self._runner.url.text
        try:
            return self._git(*_FETCH, "--", url, _HEADS, directory=directory, deadline=deadline, slow=True)
        except Temporary:
            self._room.sweep()
            raise

    def _git(
        self, *arguments: str, directory: Path | None = None, deadline: float | None = None, slow: bool = False
    ) -> Outcome:
        return self._runner.run(
            f"--git-dir={directory or self._room.mirror}",
            *arguments,
            deadline=deadline,
            stall=self._runner.options.stall if slow else None,
            holding=self._room.holding if slow else (),
        )

    def _demand(self, outcome: Outcome) -> None:
        if outcome.code != 0:
            raise Temporary(f"{self._runner.name}: {self._runner.url.text} cannot be cloned: {outcome.reason}")

    def _pack(self) -> None:
        objects = self._room.mirror / "objects"
        packs, loose = len(tuple(objects.glob("pack/*.pack"))), len(tuple(objects.glob("[0-9a-f][0-9a-f]/*")))
        if packs > _MOST_PACKS or loose > _MOST_LOOSE:
            self._git("repack", "-a", "-d", "-k", "--quiet", deadline=self._runner.options.clone_deadline)
            self._git("pack-refs", "--all")
