"""Messages that nobody will handle: counted by reason, shown to the one handler that registered last.

Letters flow in from closed mailboxes and for unknown addresses; an outside caller that waits for an answer is told.
"""

from threading import Lock

from thespian.actors import ActorAddress, ChildActorExited, DeadEnvelope

from actors.engine.address import LocalAddress, Place
from actors.engine.endpoint import Endpoint
from actors.engine.tally import Tally


class DeadLetters:
    """The box; reasons are `dead`, `exiting`, `never-started`, `unknown`, `shutdown`."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._handler: Place | None = None
        self._tally = Tally()

    @property
    def handler(self) -> Place | None:
        """Who gets them at the moment."""
        return self._handler

    def counts(self) -> tuple[tuple[str, int], ...]:
        """How many there were, by reason."""
        return self._tally.read()

    def register(self, handler: Place) -> None:
        """Replace the handler; the one before does not come back."""
        with self._lock:
            self._handler = handler

    def deregister(self, handler: Place) -> None:
        """Drop the handler, if it is this one."""
        with self._lock:
            if self._handler is handler:
                self._handler = None

    def post(self, target: ActorAddress, message: object, sender: ActorAddress, reason: str) -> None:
        """Take one letter; envelopes and notices of a child's end are dropped, as Thespian does."""
        if isinstance(message, DeadEnvelope | ChildActorExited):
            return
        self._tally.add(reason)
        handler = self._handler
        if handler is not None:
            handler.post(DeadEnvelope(target, message), sender)
        if isinstance(sender, LocalAddress) and isinstance(sender.place, Endpoint):
            sender.place.refuse(target, message)
