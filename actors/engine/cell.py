"""The life of one actor: it starts, handles messages one at a time, exits, and its parent hears of it exactly once.

Messages flow in through its mailbox; failures flow back to the sender, the end of the actor to its parent.
"""

import logging
from collections.abc import Mapping
from time import monotonic
from traceback import format_exc
from typing import Any, Protocol

from thespian.actors import (
    Actor,
    ActorAddress,
    ActorExitRequest,
    ActorSystemMessage,
    ChildActorExited,
    PoisonMessage,
    WakeupMessage,
)
from thespian.system.messages.status import Thespian_StatusReq

from actors.engine.address import LocalAddress, Place
from actors.engine.blueprint import Blueprint
from actors.engine.dead_letters import DeadLetters
from actors.engine.mailbox import UNLIMITED, Mailbox
from actors.engine.recovery import Failed
from actors.engine.scheduler import Scheduler
from actors.engine.supervision import ChildActorFailed, Escalation
from actors.engine.tally import Tally
from actors.engine.timers import Timers
from actors.engine.timing import Timings

RECENT = 10  # messages remembered for an actor
ATTEMPTS = 2  # Thespian hands a message that failed to the same instance once more
START = ActorSystemMessage()
UNANSWERED = (PoisonMessage, ChildActorExited, ChildActorFailed, ActorExitRequest)  # never returned as poison

log = logging.getLogger(__name__)


class Home(Protocol):
    """What a cell needs of its system."""

    capabilities: dict[str, Any]
    scheduler: Scheduler
    dead_letters: DeadLetters
    tally: Tally
    timers: Timers
    timings: Timings

    def send(self, target: ActorAddress, message: object, sender: ActorAddress) -> None:
        """Take a message to its place, or to the dead letters."""

    def reference(self, cell: "Cell") -> object:
        """Make what Thespian's `Actor` calls its `_myRef`."""

    def report(self, cell: "Cell", asker: ActorAddress) -> None:
        """Answer a status request for the actor."""

    def bury(self, cell: "Cell") -> None:
        """Forget a closed cell and tell its parent."""


class Cell(Mailbox):
    """One actor, from its creation until nobody keeps its address any more; times are monotonic seconds."""

    __slots__ = (
        "_home",
        "_instance",
        "address",
        "blueprint",
        "born",
        "children",
        "exiting",
        "handled",
        "parent",
        "recent",
        "wakeups",
    )

    def __init__(self, home: Home, blueprint: Blueprint | None, parent: Place, limit: int = UNLIMITED) -> None:
        super().__init__(home.scheduler, limit, home.timings.of(blueprint.actor_class.__name__ if blueprint else "?"))
        self._home = home
        self._instance: Actor | None = None
        self.address: ActorAddress = LocalAddress(self)
        self.blueprint = blueprint
        self.parent = parent
        self.children: dict[str, Cell] = {}
        self.exiting = False
        self.handled = 0
        self.recent: list[tuple[type, float]] = []
        self.born = monotonic()
        self.wakeups = 0

    def __str__(self) -> str:
        return f"{self.class_name} at {self.address.actorAddressString}"

    @property
    def restarts(self) -> int:
        """How often a new instance took the place of a failed one."""
        return 0

    @property
    def failure(self) -> str:
        """What the last failed instance raised, in one line."""
        return ""

    @property
    def resumes_at(self) -> float:
        """When the present or last rest ends, on the monotonic clock."""
        return 0.0

    @property
    def started(self) -> bool:
        """Whether there is an instance."""
        return self._instance is not None

    @property
    def class_name(self) -> str:
        """The name of the actor's class; a question mark when it was never found."""
        return self.blueprint.actor_class.__name__ if self.blueprint else "?"

    def start(self) -> None:
        """Run `__init__` in the actor's first turn, before any message."""
        self.post(START, self.address)

    def receive(self, message: object, sender: ActorAddress, now: float) -> None:
        """Handle one message as Thespian does."""
        if message is START:
            self._begin()
            return
        self._remember(message, now)
        if isinstance(message, ActorSystemMessage):
            self._receive_from_system(message, sender)
        else:
            self._handle_unless_exiting(message, sender)

    def bounce(self, message: object, sender: ActorAddress) -> None:
        """Make a dead letter of it, unless nothing is lost: its own wakeup, its parent's request to exit."""
        own = message is START or (isinstance(message, WakeupMessage) and sender is self.address)
        if own or (isinstance(message, ActorExitRequest) and sender is self.parent.address):
            return
        self._home.dead_letters.post(self.address, message, sender, self.closed or "exiting")

    def refuse(self, message: object, sender: ActorAddress) -> None:
        """Make a dead letter of it."""
        self._home.dead_letters.post(self.address, message, sender, "mailbox-full")

    def recover(self, failed: Failed) -> bool:  # noqa: ARG002
        """Deal with a failure; False leaves it to Thespian's rules."""
        return False

    def answer_for(self, escalation: Escalation) -> None:
        """Take a child's failures for one's own; Thespian's rules know of none but that the child exited."""

    def _receive_from_system(self, message: ActorSystemMessage, sender: ActorAddress) -> None:
        if isinstance(message, Thespian_StatusReq):
            self._home.report(self, sender)
        elif isinstance(message, ActorExitRequest):
            self._obey(message, sender)
        elif isinstance(message, ChildActorExited):
            self._lose(message, sender)
        elif isinstance(message, Escalation):
            self.answer_for(message)
        else:
            self._handle_unless_exiting(message, sender)

    def _begin(self) -> None:
        try:
            instance = self._build(self._home.capabilities)
        except BaseException:
            log.exception("%s did not start", self)
            self._end("never-started")
        else:
            self._instance = instance

    def _build(self, capabilities: Mapping[str, Any]) -> Actor:
        if self.blueprint is None:
            raise LookupError("an actor without a blueprint")
        instance = self.blueprint.build(capabilities)
        instance._myRef = self._home.reference(self)
        return instance

    def _remember(self, message: object, now: float) -> None:
        if len(self.recent) < RECENT:
            self.recent.append((type(message), now))
        else:
            self.recent[self.handled % RECENT] = (type(message), now)
        self.handled += 1

    def _handle_unless_exiting(self, message: object, sender: ActorAddress) -> None:
        if self.exiting:
            self.bounce(message, sender)
        else:
            self._handle(message, sender, ATTEMPTS)

    def _handle(self, message: object, sender: ActorAddress, attempts: int) -> None:
        for _ in range(attempts):
            if self._instance is None:
                return
            try:
                self._instance.receiveMessage(message, sender)
                return
            except Exception as error:
                details = format_exc()
                self._log_failure(message, error)
                if not self.exiting and self.recover(Failed(message, sender, error, details)):
                    return
            except BaseException as error:
                self._log_failure(message, error)
                self._crash()
                return
        self._return_as_poison(message, sender, details)

    def _return_as_poison(self, message: object, sender: ActorAddress, details: str) -> None:
        if not isinstance(message, UNANSWERED):
            self._home.send(sender, PoisonMessage(message, details), self.address)

    def _log_failure(self, message: object, error: BaseException) -> None:
        self._home.tally.add("failures")
        log.warning("%s failed in %s", self, type(message).__name__, exc_info=error)

    def _obey(self, request: ActorExitRequest, sender: ActorAddress) -> None:
        self._handle(request, sender, attempts=1)
        if not self.exiting:
            self._exit(request.isRecursive)

    def _crash(self) -> None:
        self._instance = None
        if not self.exiting:
            self._exit(recursive=True)

    def _exit(self, recursive: bool) -> None:
        self.exiting = True
        if not (recursive and self.children):
            self._end("dead")
            return
        for child in self.children.values():
            child.post(ActorExitRequest(), self.address)

    def _lose(self, notice: ChildActorExited, sender: ActorAddress) -> None:
        self._hear_of_end(notice, sender)
        name = notice.childAddress.actorAddressString
        child = self.children.get(name)
        if child is not None and child.closed:
            del self.children[name]
        if self.exiting and not self.children and not self.closed:
            self._end("dead")

    def _hear_of_end(self, notice: ChildActorExited, sender: ActorAddress) -> None:
        self._handle(notice, sender, ATTEMPTS)

    def _end(self, reason: str) -> None:
        self._instance = None
        self.exiting = True
        self.close(reason)
        self._home.bury(self)
