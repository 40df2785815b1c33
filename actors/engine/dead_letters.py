"""Messages that nobody will handle: counted by reason, the last ones kept, shown to the handler that registered last.

Letters flow in from closed mailboxes and for unknown addresses; an outside caller that waits for an answer is told.
"""

from collections import deque
from itertools import count
from threading import Lock
from time import time

from thespian.actors import ActorAddress, ChildActorExited, DeadEnvelope

from actors.engine.address import LocalAddress, Place
from actors.engine.endpoint import Endpoint
from actors.engine.letter import Letter
from actors.engine.supervision import ChildActorFailed, Escalation, RestartRequest
from actors.engine.tally import Tally
from actors.engine.trace import current_trace

KEPT = 500  # letters; older ones are only counted


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
        self._numbers = count(1)
        self._kept: deque[Letter] = deque(maxlen=KEPT)

    @property
    def handler(self) -> Place | None:
        """Who gets them at the moment."""
        return self._handler

    def counts(self) -> tuple[tuple[str, int], ...]:
        """How many there were, by reason."""
        return self._tally.read()

    def kept(self) -> tuple[Letter, ...]:
        """The last ones, oldest first."""
        with self._lock:
            return tuple(self._kept)

    def find(self, number: int) -> Letter:
        """One that is kept; LookupError when it is not, or not any more."""
        for letter in self.kept():
            if letter.number == number:
                return letter
        raise LookupError(f"no dead letter {number}")

    def drop(self, number: int) -> None:
        """Keep one no longer."""
        with self._lock:
            self._kept = deque((each for each in self._kept if each.number != number), KEPT)

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
        if isinstance(message, DeadEnvelope | ChildActorExited | ChildActorFailed | Escalation | RestartRequest):
            return
        self._tally.add(reason)
        self._keep(target, message, sender, reason, failure)
        handler = self._handler
        if handler is not None:
            handler.post(DeadLetter(target, message, reason, failure), sender)
        if isinstance(sender, LocalAddress) and isinstance(sender.place, Endpoint):
            sender.place.refuse(target, message)

    def _keep(self, target: ActorAddress, message: object, sender: ActorAddress, reason: str, failure: str) -> None:
        plain = ActorAddress(target.actorAddressString), ActorAddress(sender.actorAddressString)
        with self._lock:
            number = next(self._numbers)
            self._kept.append(Letter(number, time(), reason, failure, plain[0], message, plain[1], current_trace()))
