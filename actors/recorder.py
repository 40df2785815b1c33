"""What a service wants written down, one group at a time.

In: rows as they come up, and who waits for them. Out: one call of `store.record` for all of them; nothing of a group
counts before the store says that it is on disk, and a group that could not be written is kept for the next try.
"""

from thespian.actors import ActorAddress

from actors.messages import NotRecorded, Recorded
from orchestrator.adapters.store import Store
from orchestrator.domain.ledger import ReleaseRecorded, Row
from orchestrator.domain.release import Release


class Recorder:
    """Rows to write and rows being written; `made` is the release among the latter."""

    def __init__(self) -> None:
        self.made: Release | None = None
        self._rows: list[Row] = []
        self._writing: tuple[Row, ...] | None = None
        self._askers: list[ActorAddress] = []
        self._answered: tuple[ActorAddress, ...] = ()

    @property
    def busy(self) -> bool:
        """Whether a group is being written."""
        return self._writing is not None

    @property
    def owes(self) -> bool:
        """Whether anything is not on disk yet."""
        return self.busy or bool(self._rows)

    def add(self, row: Row) -> None:
        """Want a row written."""
        self._rows.append(row)

    def answer(self, asker: ActorAddress) -> None:
        """Remember a person who waits for the next group to be on disk."""
        self._askers.append(asker)

    def flush(self, store: Store, reply_to: ActorAddress, made: Release | None) -> None:
        """Give the store what is wanted, with a new release if there is one, unless it still writes."""
        if self.busy or not (self._rows or made or self._askers):
            return
        self.made = made
        self._writing = (*self._rows, *((ReleaseRecorded(made),) if made else ()))
        self._answered, self._rows, self._askers = tuple(self._askers), [], []
        number = made.number if made else 0
        store.record(self._writing, reply_to, Recorded(number), NotRecorded(number, "the store did not write"))

    def done(self) -> tuple[Release | None, tuple[ActorAddress, ...]]:
        """The group is on disk: give the release in it and the people who waited."""
        made, answered = self.made, self._answered
        self.made, self._writing, self._answered = None, None, ()
        return made, answered

    def undone(self) -> tuple[Release | None, tuple[ActorAddress, ...]]:
        """The group is not on disk: keep its rows but for the release, which is decided anew."""
        kept: list[Row] = [r for r in self._writing or () if not isinstance(r, ReleaseRecorded)]
        self._rows = kept + self._rows
        return self.done()
