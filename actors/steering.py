"""What on-call does to single actors: pause, resume, step, restart, stop, and dead letters sent again.

In: an address, who asks and why, from any thread. Out: what came of it; the roster knows of every hold, and the store
of everything that was done. The actors themselves are not asked, but for the parent of one that is stopped.
"""

from datetime import timedelta

from thespian.actors import ActorAddress, ActorSystem
from thespian.system.messages.status import Thespian_StatusReq

from actors import engine
from actors.engine import ActorRecord, snapshot
from actors.machine_room import kind_of
from actors.messages import BringBack, BroughtBack, ChildStopped, Refused, StopChild
from actors.ports import Ports
from actors.roster import PAUSED, STOPPED, Note
from orchestrator.domain.ledger import Happened
from orchestrator.domain.machine_room import Hold, Steered
from orchestrator.domain.snapshot import EventView
from orchestrator.errors import Conflict, NotFound, Permanent, Temporary

DEADLINE = timedelta(seconds=10)
_EVENTS = {
    "pause": "ActorPaused",
    "resume": "ActorResumed",
    "step": "ActorStepped",
    "restart": "ActorRestarted",
    "stop": "ActorStopped",
    "replay": "DeadLetterReplayed",
}


class Steering:
    """Steers the actors of one system; `root` cannot be stopped."""

    def __init__(self, system: ActorSystem, root: ActorAddress, ports: Ports) -> None:
        self._system, self._root, self._ports = system, root.actorAddressString, ports
        self._verbs = {
            "pause": self._pause,
            "resume": self._resume,
            "step": self._step,
            "restart": self._restart,
            "stop": self._stop,
        }
        ports.roster.watch_holds(ports.board.hold)

    def steer(self, address: str, verb: str, *, by: str, why: str) -> Steered:
        """Do one of the verbs to an actor.

        Raises NotFound, Conflict when its state does not allow that, Permanent when nothing will, Temporary when it or
        its parent is too busy. What was done is on disk when this returns.
        """
        try:
            note, text = self._verbs[verb](address, by, why)
        except LookupError as error:
            raise NotFound(f"the actor at {address} has just ended (anabranch actors tree)") from error
        self._record(verb, note, by, why)
        return Steered(address, note.name, f"{note.name} {text}")

    def replay(self, number: int, *, by: str, why: str) -> Steered:
        """Send a dead letter again, to whoever has the name now that its target had. Raises NotFound."""
        letter = next((each for each in engine.letters(self._system) if each.number == number), None)
        if letter is None:
            raise NotFound(f"no dead letter {number} (anabranch actors dead-letters)")
        target = letter.target.actorAddressString
        name = self._ports.roster.name_of(target) or target
        held = self._ports.roster.holds().get(target)
        if held and held.verb == STOPPED:
            raise Conflict(f"{held.text}; first: anabranch actors resume {target}")
        heir = self._heir(target, name)
        try:
            engine.replay(self._system, number, heir)
        except LookupError as error:
            raise NotFound(f"{name} is no more, and nobody has taken its place") from error
        message = type(letter.message).__name__
        note = self._ports.roster.read().get(heir) or Note(name)
        self._record("replay", note, by, f"{message}: {why}" if why else message)
        return Steered(heir, name, f"{message} was sent to {name} again")

    def _heir(self, address: str, name: str) -> str:
        notes = self._ports.roster.read()
        return address if address in notes else next((a for a, n in notes.items() if n.name == name), address)

    def _pause(self, address: str, by: str, why: str) -> tuple[Note, str]:
        actor, note = self._living(address)
        if self._is_paused(address):
            raise Conflict(f"{note.name} is paused already (anabranch actors resume {address})")
        self._hold(PAUSED, actor, note, by, why)
        try:
            engine.pause(self._system, address)
        except LookupError:
            self._ports.roster.release(address)
            raise
        return note, f"is paused, {actor.mailbox} waiting; on with: anabranch actors step {address} or resume {address}"

    def _resume(self, address: str, _by: str, _why: str) -> tuple[Note, str]:
        hold = self._ports.roster.holds().get(address)
        if hold and hold.verb == STOPPED:
            return self._bring_back(address, hold)
        _, note = self._living(address)
        paused = engine.resume(self._system, address)
        self._ports.roster.release(address)
        if not paused:
            raise Conflict(f"{note.name} is not paused")
        return note, "goes on"

    def _step(self, address: str, _by: str, _why: str) -> tuple[Note, str]:
        actor, note = self._living(address)
        if not self._is_paused(address):
            raise Conflict(f"{note.name} is not paused, only then it goes in steps (anabranch actors pause {address})")
        message = engine.step(self._system, address)
        if not message:
            raise Conflict(f"nothing waits in the mailbox of {note.name}")
        return note, f"handles {message}, {actor.mailbox - 1} waiting"

    def _restart(self, address: str, _by: str, _why: str) -> tuple[Note, str]:
        actor, note = self._living(address)
        if self._is_paused(address):
            raise Conflict(f"{note.name} is paused; first: anabranch actors resume {address}")
        engine.restart(self._system, address)
        with self._system.private() as asker:
            answer = asker.ask(ActorAddress(address), Thespian_StatusReq(), DEADLINE)
        busy = f"begins anew once it is done with {actor.last_message}, which nothing can interrupt"
        return note, "begins anew" if answer else busy

    def _stop(self, address: str, by: str, why: str) -> tuple[Note, str]:
        actor, note = self._living(address)
        if address == self._root:
            raise Permanent("the orchestrator cannot be stopped, all others hang on it: stop the daemon, or pause it")
        self._refuse_if_paused(actor.parent)
        self._hold(STOPPED, actor, note, by, why)
        back = f"back with: anabranch actors resume {address}"
        try:
            self._ask(actor.parent, StopChild(ActorAddress(address)), note.name)
        except NotFound:
            self._ports.roster.release(address)
            raise
        except Temporary:
            return note, f"stops once it is done with {actor.last_message}, which nothing can interrupt; {back}"
        return note, f"is stopped; {back}"

    def _bring_back(self, address: str, hold: Hold) -> tuple[Note, str]:
        self._refuse_if_paused(hold.parent)
        try:
            answer = self._ask(hold.parent, BringBack(ActorAddress(address)), hold.name)
        except NotFound:
            self._ports.roster.release(address)
            raise
        self._ports.roster.release(address)
        back = answer.child.actorAddressString if isinstance(answer, BroughtBack) else ""
        return Note(hold.name, environment=hold.environment, service=hold.service), f"is back, at {back}"

    def _ask(self, parent: str, message: StopChild | BringBack, name: str) -> object:
        above = self._ports.roster.name_of(parent) or parent
        with self._system.private() as asker:
            answer = asker.ask(ActorAddress(parent), message, DEADLINE)
        if isinstance(answer, Refused):
            raise NotFound(answer.text)
        if not isinstance(answer, ChildStopped | BroughtBack):
            raise Temporary(f"{name} or {above} above it is busy, it follows after that (anabranch actors tree)")
        return answer

    def _is_paused(self, address: str) -> bool:
        hold = self._ports.roster.holds().get(address)
        return hold is not None and hold.verb == PAUSED

    def _refuse_if_paused(self, parent: str) -> None:
        if self._is_paused(parent):
            above = self._ports.roster.name_of(parent)
            raise Conflict(f"{above} above it is paused; first: anabranch actors resume {parent}")

    def _living(self, address: str) -> tuple[ActorRecord, Note]:
        for record in snapshot(self._system):
            if record.address == address:
                return record, self._ports.roster.read().get(address) or Note(record.class_name)
        hold = self._ports.roster.holds().get(address)
        if hold:
            raise Conflict(f"{hold.text}; first: anabranch actors resume {address}")
        raise NotFound(f"no actor at {address} (anabranch actors tree)")

    def _hold(self, verb: str, actor: ActorRecord, note: Note, by: str, why: str) -> None:
        self._ports.roster.hold(
            actor.address,
            Hold(
                verb,
                self._ports.clock(),
                by,
                why,
                kind_of(actor.class_name),
                note.name,
                note.environment,
                note.service,
                note.repository,
                actor.parent,
            ),
        )

    def _record(self, verb: str, note: Note, by: str, why: str) -> None:
        now, text = self._ports.clock(), f"{note.name}: {why}" if why else note.name
        event = Happened(now, note.environment, note.service, _EVENTS[verb], text, by)
        self._ports.store.record((event,))
        self._ports.board.happened(EventView(0, now, note.environment, note.service, event.kind, text, by))
        self._ports.store.settle()
