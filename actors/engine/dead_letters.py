"""Messages that nobody will handle: counted by reason, shown to the one handler that registered last.

Letters flow in from closed mailboxes and for unknown addresses; an outside caller that waits for an answer is told.
"""

from threading import Lock

from thespian.actors import ActorAddress, ChildActorExited, DeadEnvelope

from actors.engine.address import LocalAddress, Place
from actors.engine.endpoint import Endpoint
from actors.engine.supervision import ChildActorFailed, Escalation
from actors.engine.tally import Tally


class DeadLetter(DeadEnvelope):
    """An envelope that says why nobody handled the message, and what it did to the actor that tried."""

    def __init__(self, target: ActorAddress, message: object, reason: str, failure: str) -> None:
        super().__init__(target, message)
        self.reason = reason
        self.failure = failure


class DeadLetters:
    """The box; reasons are `dead`, `exiting`, `never-started`, `unknown`, `shutdown`, `mailbox-full`, `poison`."""

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

    def post(self, target: ActorAddress, message: object, sender: ActorAddress, reason: str, failure: str = "") -> None:
        """Take one letter; envelopes and notices of a child's end are dropped, as Thespian does.

        `failure` says what the message did to its actor, when the reason is `poison`.
        """
        if isinstance(message, DeadEnvelope | ChildActorExited | ChildActorFailed | Escalation):
            return
        self._tally.add(reason)
        handler = self._handler
        if handler is not None:
            handler.post(DeadLetter(target, message, reason, failure), sender)
        if isinstance(sender, LocalAddress) and isinstance(sender.place, Endpoint):
            sender.place.refuse(target, message)
