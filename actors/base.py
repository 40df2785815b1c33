"""House rules of every actor, once: failure, retry with back-off, children that are started again, and the roster.

A handler changes what the actor wants and calls `reconcile`, which makes the world match. When a handler fails, nothing
is run again with the old message: the failure is noted, and `reconcile` is called later with what is wanted then. After
a failure that nobody foresaw, a system base that supervises goes on with a new instance, which its parent tells again
what it has to know; elsewhere the instance stays.
"""

from collections.abc import Hashable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from traceback import extract_tb
from typing import Any

import structlog
from thespian.actors import (
    Actor,
    ActorAddress,
    ActorExitRequest,
    ActorTypeDispatcher,
    ChildActorExited,
    WakeupMessage,
)

from actors.child import Child
from actors.engine import ChildActorFailed, Supervision, Then, current_trace, supervised
from actors.engine.supervision import SUPERVISION
from actors.messages import BringBack, BroughtBack, ChildStopped, Refused, StopChild
from actors.ports import CAPABILITY, Ports
from actors.roster import Note
from orchestrator.domain.ledger import Happened
from orchestrator.domain.machine_room import StepView
from orchestrator.domain.snapshot import EventView
from orchestrator.errors import AnabranchError, Permanent

FIRST_RETRY = 0.5
"""Seconds; doubled with each failure up to `last_retry`, with jitter."""
FRAMES = 12
"""At most so many places in the code are kept of a failure, the innermost ones."""
QUIET = 300.0
"""Seconds without a loss after which the losses of a child are forgotten."""
RULES = Supervision(
    backoff=(FIRST_RETRY, 60.0), max_restarts=5, within=30.0, then=Then.STOP, mailbox=100_000, quiet=QUIET
)
"""What fails too often exits, and its parent makes it again: a hostile branch must not take more than itself down."""


@dataclass(frozen=True, slots=True)
class Retry:
    """Payload of a wake-up: reconcile again."""


@dataclass(frozen=True, slots=True)
class Respawn:
    """Payload of a wake-up: make a lost child again."""

    key: Hashable


@supervised(RULES)
class BaseActor(ActorTypeDispatcher):
    """An actor that obeys the rules of the house; subclasses define `reconcile` and handlers of their messages.

    Its parent sends the first message, `start`, which a new instance handles again by itself. `handled` counts the
    parent's messages, as the parent's `Child.sent` does, so that a parent knows whether an actor that says "nothing is
    left here" has read all its mail.
    """

    last_retry = 60.0

    def __init__(self, capabilities: dict[str, Any]) -> None:
        super().__init__()
        self.ports: Ports = capabilities[CAPABILITY]
        self.children: dict[Hashable, Child] = {}
        self.begins_anew = SUPERVISION in capabilities
        self.parent: ActorAddress | None = None
        self.start: object = None
        self.handled = 0
        self.failures = 0
        self.complaint = ""
        self.retrying = False
        self.note = Note(type(self).__name__)
        self.log = structlog.get_logger(type(self).__name__)

    def receiveMessage(self, message: object, sender: ActorAddress) -> None:
        """Dispatch one message; what goes wrong is noted, and tried again as a whole or by a new instance."""
        if self.parent is None:
            self.parent, self.start = sender, message
        self.handled += sender == self.parent
        began = self.ports.clock()
        try:
            self._dispatch(message, sender)
        finally:
            self._leave_trail(message, sender, began)

    def _leave_trail(self, message: object, sender: ActorAddress, began: float) -> None:
        """Note this step in the trace that the message had, or turned out to belong to."""
        trace = current_trace()
        if trace:
            said = message.payload if isinstance(message, WakeupMessage) else message
            name = self.ports.roster.name_of(sender.actorAddressString)
            took = self.ports.clock() - began
            self._step(trace, StepView(began, self.note.name, "", type(said).__name__, name, took))

    def _step(self, trace: str, step: StepView) -> None:
        self.ports.trails.note(trace, replace(step, address=self.myAddress.actorAddressString))

    def _dispatch(self, message: object, sender: ActorAddress) -> None:
        try:
            super().receiveMessage(message, sender)
            if not self.retrying:
                self.failures, self.complaint = 0, ""
        except AnabranchError as error:
            self._tell_where(error)
            self.failed(str(error), permanent=isinstance(error, Permanent))
        except Exception as error:
            line = f"{type(error).__name__} while handling {type(message).__name__}"
            self._tell_where(error)
            self.failed(line, permanent=self.begins_anew)
            if self.begins_anew:
                raise
            self.log.exception("handler failed", actor=self.note.name, message=type(message).__name__)

    def _tell_where(self, error: Exception) -> None:
        """Keep the places in the code only: the text of an error nobody foresaw may hold a secret."""
        frames = extract_tb(error.__traceback__)[-FRAMES:]
        self.note = replace(self.note, frames=tuple(f"{Path(f.filename).name}:{f.lineno} {f.name}" for f in frames))

    def inherit(self, before: "BaseActor") -> None:
        """Begin as the failed instance did, in its place; its children have ended with it."""
        self.parent, self.start, self.handled, self.note = before.parent, before.start, before.handled, before.note
        for child in before.children.values():
            self._strike_off(child)
        if self.parent is not None:
            self._dispatch(self.start, self.parent)

    def reconcile(self) -> None:
        """Make the world match what this actor wants now; may run any number of times."""

    def failed(self, line: str, *, permanent: bool) -> None:
        """Note a failure; unless only a new commit or setting can help, reconcile again after a while."""
        self.write(failure=line)
        say = self.log.warning if line != self.complaint else self.log.debug
        say("failed", actor=self.note.name, reason=line)
        self.complaint = line
        if not permanent and not self.retrying:
            self.retrying = True
            self.wake(self._pause(self.failures) * (0.5 + self.ports.chance() / 2), Retry())
            self.failures += 1

    def _pause(self, failures: int) -> float:
        return min(self.last_retry, FIRST_RETRY * 2.0 ** min(failures, 16))

    def wake(self, seconds: float, payload: object) -> None:
        """Ask for `woken(payload)` after a while."""
        self.wakeupAfter(timedelta(seconds=seconds), payload)

    def receiveMsg_WakeupMessage(self, message: WakeupMessage, _sender: ActorAddress) -> None:
        """Reconcile again, make a lost child again, or do what the subclass asked to be woken for."""
        payload = message.payload
        if isinstance(payload, Retry):
            self.retrying = False
            self.reconcile()
        elif isinstance(payload, Respawn):
            self._respawn(payload.key)
        else:
            self.woken(payload)

    def woken(self, payload: object) -> None:
        """Do what was asked for with `wake`."""

    def spawn(self, key: Hashable, kind: type[Actor], start: object) -> Child:
        """Make a child and give it its first message."""
        return self._make(Child(key, kind, start, self.createActor(kind)))

    def _make(self, child: Child) -> Child:
        self.children[child.key] = child
        self.tell(child, child.start)
        return child

    def tell_parent(self, message: object) -> None:
        """Send to the parent."""
        if self.parent is not None:
            self.send(self.parent, message)

    def tell(self, child: Child, message: object) -> None:
        """Send to a child, counting."""
        child.sent += 1
        self.send(child.address, message)

    def dismiss(self, key: Hashable) -> None:
        """Let a child go; it is forgotten first, so that its exit is no loss."""
        child = self.children.pop(key, None)
        if child:
            self._strike_off(child)
            self.send(child.address, ActorExitRequest())

    def _strike_off(self, child: Child) -> None:
        """Forget a child in the roster, and that somebody stopped it."""
        self.ports.roster.forget(child.address.actorAddressString)
        self.ports.roster.release(child.address.actorAddressString)

    def _child(self, address: ActorAddress) -> Child | None:
        return next((c for c in self.children.values() if c.address == address), None)

    def receiveMsg_ChildActorFailed(self, message: ChildActorFailed, _sender: ActorAddress) -> None:
        """Tell a child that begins anew what it has to know."""
        child = self._child(message.child)
        if child:
            self.respawned(child)

    def receiveMsg_ChildActorExited(self, message: ChildActorExited, _sender: ActorAddress) -> None:
        """Make a lost child again after a back-off that grows with each loss."""
        self.ports.roster.forget(message.childAddress.actorAddressString)
        lost = self._child(message.childAddress)
        if lost and lost.stopped_for:
            self.send(lost.stopped_for, ChildStopped())
        elif lost:
            now = self.ports.monotonic()
            lost.losses, lost.lost_at = (lost.losses + 1 if now - lost.lost_at < QUIET else 1), now
            self.log.warning("child lost", actor=self.note.name, child=str(lost.key), losses=lost.losses)
            self.wake(self._pause(lost.losses - 1), Respawn(lost.key))

    def receiveMsg_StopChild(self, message: StopChild, sender: ActorAddress) -> None:
        """End a child; its parent tells who asked once it has ended."""
        child = self._child(message.child)
        if child:
            child.stopped_for = sender
            self.send(child.address, ActorExitRequest())
        else:
            self.send(sender, Refused("NotFound", f"{self.note.name} has no such child any more"))

    def receiveMsg_BringBack(self, message: BringBack, sender: ActorAddress) -> None:
        """Make a stopped child again; one that was made again for other reasons is no child at that address."""
        child = self._child(message.child)
        if child:
            self._respawn(child.key)
            self.send(sender, BroughtBack(self.children[child.key].address))
        else:
            self.send(sender, Refused("NotFound", f"{self.note.name} has no such child any more"))

    def _respawn(self, key: Hashable) -> None:
        lost = self.children.get(key)
        if lost:
            child = Child(key, lost.kind, lost.start, self.createActor(lost.kind))
            child.losses, child.lost_at = lost.losses, lost.lost_at
            self.ports.roster.restarted(child.address.actorAddressString, child.losses)
            self.respawned(self._make(child))

    def respawned(self, child: Child) -> None:
        """Tell a child that was made again, or begins anew, what the lost one knew."""

    def receiveMsg_ActorExitRequest(self, _message: ActorExitRequest, _sender: ActorAddress) -> None:
        """Leave the roster; the children are ended by the system."""
        for child in self.children.values():
            self._strike_off(child)
        self.children.clear()
        self.ports.roster.forget(self.myAddress.actorAddressString)

    def happened(self, kind: str, text: str, by: str, environment: str = "", service: str = "") -> None:
        """Write an event down, and let readers see it."""
        now, trace = self.ports.clock(), current_trace()
        self.ports.store.record((Happened(now, environment, service, kind, text, by, trace),))
        self.ports.board.happened(EventView(0, now, environment, service, kind, text, by, trace))
        self._step(trace, StepView(now, self.note.name, "", kind, note=text))

    def introduce(
        self, name: str, detail: str, *, environment: str = "", service: str = "", repository: str = ""
    ) -> None:
        """Tell the roster who this actor is, and what it looks after."""
        self.note = replace(self.note, environment=environment, service=service, repository=repository)
        self.write(name=name, detail=detail)

    def write(self, *, name: str | None = None, detail: str | None = None, failure: str | None = None) -> None:
        """Tell the roster who this actor is, what it does, or what went wrong."""
        note, now = self.note, self.ports.clock()
        changed = detail is not None and detail != note.detail
        self.note = replace(
            note,
            name=note.name if name is None else name,
            detail=note.detail if detail is None else detail,
            since=now if changed or not note.since else note.since,
            failure=note.failure if failure is None else failure,
            failed_at=note.failed_at if failure is None else now,
        )
        self.ports.roster.write(self.myAddress.actorAddressString, self.note)
