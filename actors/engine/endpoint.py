"""Where code outside of actors sends from and listens: one for the system, one for each `private()` context.

Answers flow in from workers' threads into a queue; `ask` and `listen` take them out in the caller's thread.
"""

from datetime import timedelta
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Any, Protocol

from thespian.actors import ActorAddress, ActorSystemMessage, PoisonMessage
from thespian.system.messages.status import Thespian_ActorStatus, Thespian_SystemStatus
from thespian.system.timing import timePeriodSeconds

from actors.engine.address import LocalAddress

Period = timedelta | float | None
SHOWN = (Thespian_ActorStatus, Thespian_SystemStatus, PoisonMessage)  # system messages that an outside caller gets


class Exchange(Protocol):
    """What an endpoint needs of its system."""

    def send(self, target: ActorAddress, message: object, sender: ActorAddress) -> None:
        """Take a message to its place, or to the dead letters."""

    def newPrimaryActor(
        self, actor_class: Any, requirements: Any, global_name: str | None, source_hash: str | None
    ) -> ActorAddress:
        """Create a top-level actor."""

    def close_endpoint(self, endpoint: "Endpoint") -> None:
        """Forget an endpoint."""

    def bounce(self, target: ActorAddress, message: object, sender: ActorAddress) -> None:
        """Take what arrives too late."""


class _Refused:
    """Put among the answers: nobody will answer this question."""

    def __init__(self, question: "_Question") -> None:
        self.question = question


class _Question:
    """A message that somebody waits to see answered."""

    def __init__(self, target: ActorAddress, message: object) -> None:
        self.target = target
        self.message = message


class Endpoint:
    """The object behind `ActorSystem.tell`, `ask` and `listen`; the method names are Thespian's."""

    def __init__(self, exchange: Exchange) -> None:
        self.address: ActorAddress = LocalAddress(self, "External")
        self._exchange = exchange
        self._inbox: SimpleQueue[object] = SimpleQueue()
        self._questions: list[_Question] = []
        self._open = True

    def post(self, message: object, sender: ActorAddress) -> None:
        """Keep a message until somebody listens."""
        if self._open:
            self._inbox.put(message)
        else:
            self._exchange.bounce(self.address, message, sender)

    def tell(self, target: ActorAddress, message: object) -> None:
        """Send a message."""
        self._exchange.send(target, message, self.address)

    def ask(self, target: ActorAddress, message: object, timeout: Period = None) -> Any:
        """Send a message and wait for the next one from anybody; None when time is over or nobody will handle it."""
        question = _Question(target, message)
        self._questions.append(question)
        try:
            self.tell(target, message)
            return self._next(timeout, question)
        finally:
            self._questions.remove(question)

    def listen(self, timeout: Period = None) -> Any:
        """Wait for the next message from anybody; None when time is over."""
        return self._next(timeout, None)

    def refuse(self, target: ActorAddress, message: object) -> None:
        """Learn that nobody will handle a message that was sent from here."""
        for question in self._questions.copy():
            if question.message is message and question.target == target:
                self._inbox.put(_Refused(question))

    def end_questions(self) -> None:
        """Learn that nobody will answer any more."""
        for question in self._questions.copy():
            self._inbox.put(_Refused(question))

    def newPrimaryActor(
        self, actor_class: Any, requirements: Any, global_name: str | None, source_hash: str | None
    ) -> ActorAddress:
        """Create a top-level actor."""
        return self._exchange.newPrimaryActor(actor_class, requirements, global_name, source_hash)

    def exit_context(self) -> None:
        """Close; what arrives later is a dead letter."""
        self._open = False
        self._exchange.close_endpoint(self)

    def _next(self, timeout: Period, question: _Question | None) -> Any:
        deadline = None if timeout is None else monotonic() + timePeriodSeconds(timeout)
        while True:
            try:
                message = self._inbox.get(timeout=None if deadline is None else max(0.0, deadline - monotonic()))
            except Empty:
                return None
            if isinstance(message, _Refused):
                if message.question is question:
                    return None
            elif _is_for_callers(message):
                return message


def _is_for_callers(message: object) -> bool:
    inner = message.poisonMessage if isinstance(message, PoisonMessage) else message
    return not isinstance(inner, ActorSystemMessage) or isinstance(inner, SHOWN)
