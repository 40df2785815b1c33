"""The system as a parent: top-level actors and orphans are its children, and it ends them at shutdown.

New and orphaned cells flow in; requests to exit flow out, and `dismiss` tells who is left.
"""

from collections.abc import Callable
from threading import Condition
from time import monotonic

from thespian.actors import ActorAddress, ActorExitRequest, ChildActorExited, ValidatedSource
from thespian.system.messages.status import Thespian_StatusReq

from actors.engine.address import SYSTEM
from actors.engine.cell import Cell
from actors.engine.sources import Sources
from actors.engine.supervision import Escalation


class Guardian:
    """The place behind the system's own address."""

    def __init__(
        self, report: Callable[[ActorAddress], None], sources: Sources, escalated: Callable[[str], None]
    ) -> None:
        self.address = SYSTEM
        self._report = report
        self._sources = sources
        self._escalated = escalated
        self._family = Condition()
        self._children: dict[str, Cell] = {}
        self.stopping = False

    def post(self, message: object, sender: ActorAddress) -> None:
        """Answer a status request; take a validated source; pass on that a top-level actor failed too often."""
        if isinstance(message, Thespian_StatusReq):
            self._report(sender)
        elif isinstance(message, ValidatedSource):
            self._sources.accept(message, sender)
        elif isinstance(message, Escalation):
            self._escalated(str(message.failure))

    def children(self) -> tuple[Cell, ...]:
        """Top-level actors and orphans."""
        with self._family:
            return tuple(self._children.values())

    def adopt(self, cell: Cell) -> None:
        """Become the parent of a new actor, or of one whose parent has ended."""
        with self._family:
            if cell.closed:
                return
            cell.parent = self
            self._children[cell.address.actorAddressString] = cell
            stopping = self.stopping
        if stopping:
            cell.post(ActorExitRequest(), self.address)

    def announce_end(self, cell: Cell) -> None:
        """Tell the parent of a closed cell, whoever that is by now."""
        with self._family:
            if cell.parent is not self:
                cell.parent.post(ChildActorExited(cell.address), cell.address)
            elif self._children.pop(cell.address.actorAddressString, None) and not self._children:
                self._family.notify_all()

    def dismiss(self, seconds: float) -> bool:
        """Ask all children to exit and wait; tell whether all did."""
        deadline = monotonic() + seconds
        with self._family:
            self.stopping = True
            children = self.children()
        for child in children:
            child.post(ActorExitRequest(), self.address)
        with self._family:
            return self._family.wait_for(lambda: not self._children, max(0.0, deadline - monotonic()))
