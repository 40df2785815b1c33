"""The pause of an actor between two instances: it holds its turn, and no thread waits for it.

A timer or a request to exit ends it, whichever comes first; then the actor is queued for a worker.
"""

from collections.abc import Callable

from thespian.actors import ActorAddress, ActorExitRequest


class Rest:
    """One pause; `end` may be called from any thread, and any number of times."""

    __slots__ = ("_resume", "address", "closed", "wakeups")

    def __init__(self, address: ActorAddress, resume: Callable[[], None]) -> None:
        self.address = address
        self.closed = ""
        self.wakeups = 0
        self._resume = [resume]

    def post(self, _message: object, _sender: ActorAddress) -> None:
        """The timer's wakeup."""
        self.end()

    def disturb(self, message: object) -> None:
        """Look at a message that came during the rest: a request to exit ends it."""
        if isinstance(message, ActorExitRequest):
            self.end()

    def end(self) -> None:
        """Queue the actor, if nobody has."""
        try:
            resume = self._resume.pop()
        except IndexError:
            return
        self.closed = "over"
        resume()
