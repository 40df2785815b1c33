"""The life of a supervised actor: when it fails it rests, holding its turn, and goes on as a new instance.

Failures flow in from the handler; out flow a notice to the parent, the message as poison to its sender and to the dead
letters, and a new instance at the same address. One that fails too often exits, or exits and fails its parent.
"""

import logging
from time import monotonic

from thespian.actors import ActorAddress, ActorExitRequest, ActorSystemMessage, ChildActorExited, WakeupMessage

from actors.engine.address import Place
from actors.engine.blueprint import Blueprint
from actors.engine.cell import ATTEMPTS, UNANSWERED, Cell, Home
from actors.engine.mailbox import UNLIMITED
from actors.engine.recovery import Failed, Recovery
from actors.engine.rest import Rest
from actors.engine.supervision import (
    ChildActorFailed,
    Escalation,
    FailedTooOften,
    Heir,
    RestartRequest,
    Supervision,
    Then,
)
from actors.engine.tally import RESTARTS_OF
from actors.engine.worker import Worker

FORGOTTEN = ActorSystemMessage()  # stands in the mailbox for a wakeup that a failed instance asked for

log = logging.getLogger(__name__)


class SupervisedCell(Cell):
    """A cell whose class has rules."""

    __slots__ = ("_recovery",)

    def __init__(self, home: Home, blueprint: Blueprint, parent: Place, rules: Supervision) -> None:
        super().__init__(home, blueprint, parent, rules.mailbox or UNLIMITED)
        self._recovery = Recovery(rules)

    @property
    def hung_after(self) -> float:
        """Seconds that a handler may take before it counts as hung."""
        return self._recovery.rules.hung_after

    @property
    def restarts(self) -> int:
        """How often a new instance took the place of a failed one."""
        return self._recovery.restarts

    @property
    def failure(self) -> str:
        """What the last failed instance raised, in one line."""
        return self._recovery.reason

    @property
    def resumes_at(self) -> float:
        """When the present or last rest ends, on the monotonic clock."""
        return self._recovery.until

    def receive(self, message: object, sender: ActorAddress, now: float) -> None:
        """Handle one message; what concerns a failed instance alone does not reach the present one."""
        if message is FORGOTTEN or (isinstance(message, ChildActorFailed) and self._is_of_before(message.child)):
            return
        if isinstance(message, RestartRequest):
            self._begin_again()
        else:
            super().receive(message, sender, now)

    def recover(self, failed: Failed) -> bool:
        """Park the message, unless it is tried again, and stand down until the next instance."""
        if isinstance(failed.message, ActorExitRequest) or not isinstance(failed.error, self._recovery.rules.restart):
            return False
        self._recovery.before = self._instance
        if not self._recovery.keeps(failed):
            self._park(failed)
        self._stand_down(failed.reason)
        return True

    def answer_for(self, escalation: Escalation) -> None:
        """Fail, if the child belonged to the present instance."""
        if not self.exiting and escalation.born >= self._recovery.begun:
            self.recover(Failed(escalation, self.address, escalation.failure, ""))

    def run(self, worker: Worker) -> None:
        """Go on after a rest, before any message; the last act of a turn that left `held` is to rest."""
        if self.held:
            self.held, self.resting = False, None
            self._rise()
        if not (self.held or self.closed or self._handle_some(worker)):
            return
        if self.closed:
            return
        if self.held:
            self._rest()
        else:
            self._pass_turn()

    def _rest(self) -> None:
        """Hold the turn until the pause is over, or somebody wants the actor to exit."""
        rest = self.resting = Rest(self.address, lambda: self._scheduler.put(self))
        self._home.timers.add(rest, self._recovery.pause, None)
        if self._is_asked_to_exit():
            rest.end()

    def _rise(self) -> None:
        """Exit if that was asked for during the rest, else go on with a new instance."""
        if self._is_asked_to_exit():
            self._leave()
        elif self._begin_anew():
            self._try_again()

    def _hear_of_end(self, notice: ChildActorExited, sender: ActorAddress) -> None:
        if not self._is_of_before(notice.childAddress):
            super()._hear_of_end(notice, sender)

    def _is_of_before(self, address: ActorAddress) -> bool:
        child = self.children.get(address.actorAddressString)
        return child is not None and child.born < self._recovery.begun

    def _park(self, failed: Failed) -> None:
        if not isinstance(failed.message, (*UNANSWERED, Escalation)):
            self._return_as_poison(failed.message, failed.sender, failed.details)
            self._home.dead_letters.post(self.address, failed.message, failed.sender, "poison", failed.reason)

    def _stand_down(self, reason: str) -> None:
        self._retire()
        if self._recovery.rest(monotonic(), reason):
            self._announce(reason)
        else:
            self._give_up()

    def _begin_again(self) -> None:
        if not self.exiting:
            self._recovery.before = self._instance
            self._retire()
            self._recovery.begin_again(monotonic())
            self._announce("asked to begin anew")

    def _retire(self) -> None:
        self._instance = None
        self._forget_wakeups()

    def _announce(self, reason: str) -> None:
        self.held = True
        self._home.tally.add("restarts")
        self._home.tally.add(f"{RESTARTS_OF}{self.class_name}")
        for child in self.children.values():
            child.post(ActorExitRequest(), self.address)
        recovery = self._recovery
        self.parent.post(ChildActorFailed(self.address, reason, recovery.restarts, recovery.pause), self.address)

    def _give_up(self) -> None:
        rules = self._recovery.rules
        limit = f"failed more than {rules.max_restarts} times within {rules.within:g}s"
        failure = FailedTooOften(f"{self.class_name} {limit}; the last time: {self._recovery.reason}")
        log.error("%s exits: it %s", self, limit)
        if rules.then is Then.ESCALATE:
            self.parent.post(Escalation(failure, self.born), self.address)
        self._leave()

    def _leave(self) -> None:
        again = self._recovery.take()
        if again is not None:
            self.bounce(*again)
        self._crash()

    def _begin_anew(self) -> bool:
        recovery = self._recovery
        try:
            instance = self._build(self._home.capabilities)
            if isinstance(instance, Heir) and recovery.before is not None:
                instance.inherit(recovery.before)
        except Exception as error:
            log.warning("%s did not begin anew", self, exc_info=error)
            self._stand_down(Failed(None, self.address, error, "").reason)
            return False
        except BaseException as error:
            log.warning("%s did not begin anew", self, exc_info=error)
            self._leave()
            return False
        self._instance = instance
        recovery.before, recovery.begun = None, monotonic()
        return True

    def _try_again(self) -> None:
        again = self._recovery.take()
        if again is not None:
            self._handle(*again, ATTEMPTS)
            if not self.held:
                self._recovery.passed()

    def _forget_wakeups(self) -> None:
        self._home.timers.cancel(self)
        for index in range(len(self._messages)):
            message, sender, trace = self._messages[index]
            if isinstance(message, WakeupMessage) and sender is self.address:
                self._messages[index] = (FORGOTTEN, sender, trace)

    def _is_asked_to_exit(self) -> bool:
        return any(isinstance(self._messages[index][0], ActorExitRequest) for index in range(len(self._messages)))
