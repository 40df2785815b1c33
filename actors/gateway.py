"""The way in from outside: requests of the API become messages, answers of actors become values or errors.

In: calls from any thread. Out: what the actors answered within a deadline. This is the only place that uses
`ActorSystem.private()`; pictures come from the board, the store, the runtime and the engine, and ask no actor at all.
"""

from collections.abc import Iterator
from datetime import timedelta

from thespian.actors import ActorAddress, ActorSystem, PoisonMessage

from actors.engine import traced
from actors.instruments import dead_letters, instruments
from actors.machine_room import picture
from actors.messages import AllLooked, Approved, ApproveRemoval, Edit, Redeploy, Refused, Sync
from actors.ports import Ports
from actors.roster import STOPPED
from actors.steering import Steering
from actors.trails import TRACES
from orchestrator.domain import front
from orchestrator.domain.entry import Entry
from orchestrator.domain.front import FrontView
from orchestrator.domain.hint import RefHint
from orchestrator.domain.machine_room import DeadLetterView, EngineView, Steered, StepView, TraceView
from orchestrator.domain.override import Changes
from orchestrator.domain.snapshot import ActorView, Edited, EventView, HistoryEntry, ServiceView, Synced
from orchestrator.domain.status import Address
from orchestrator.domain.text import printable
from orchestrator.errors import AnabranchError, Conflict, NotFound, Permanent, Temporary
from orchestrator.runtimes import LogLines

DEADLINE = timedelta(seconds=15)
LOOKED = timedelta(seconds=50)
_KINDS: dict[str, type[AnabranchError]] = {k.__name__: k for k in (NotFound, Conflict, Permanent, Temporary)}


class ActorGateway:
    """Implements the API's `Gateway` on a running actor system whose root is at `root`."""

    def __init__(self, system: ActorSystem, root: ActorAddress, ports: Ports, deadline: timedelta = DEADLINE) -> None:
        self._system, self._root, self._ports, self._deadline = system, root, ports, deadline
        self._steering = Steering(system, root, ports)

    def hint(self, hints: tuple[RefHint, ...]) -> None:
        """Pass hints on; they are kept in memory only, since the daemon's start reads everything."""
        for hint in hints:
            self._begin_trace(hint)
            with traced(hint.delivery):
                self._system.tell(self._root, hint)

    def _begin_trace(self, hint: RefHint) -> None:
        what = f"{hint.repository} {hint.ref.removeprefix('refs/heads/')}".strip()
        if hint.received:
            step = StepView(hint.received / 1000, "forwarder", "", "delivery", note=f"taken into the journal: {what}")
            self._ports.trails.note(hint.delivery, step)
        step = StepView(self._ports.clock(), "api", "", "RefHint", note=f"hint taken: {what}")
        self._ports.trails.note(hint.delivery, step)

    def sync(self) -> tuple[Synced, ...]:
        """Let every repository be looked at, and wait for it. Raises Temporary when one takes too long."""
        if not self._ports.settings.repositories:
            return ()
        answer = self._ask(Sync(), LOOKED)
        return answer.repositories if isinstance(answer, AllLooked) else ()

    def approve_removal(self, repository: str) -> tuple[str, ...]:
        """Let the removals go on that the brake holds back; returns the branches. Raises NotFound."""
        answer = self._ask(ApproveRemoval(repository))
        return answer.branches if isinstance(answer, Approved) else ()

    def edit(self, environment: str, service: str, changes: Changes, *, revision: str, by: str) -> Edited:
        """Set or unset overrides. Raises NotFound, Conflict, Permanent, or Temporary when nobody answers in time."""
        return self._edited(Edit(self._environment(environment), service, changes, revision, by))

    def redeploy(self, environment: str, service: str, *, by: str) -> Edited:
        """Make the current commit a new release. Raises as `edit`."""
        return self._edited(Redeploy(self._environment(environment), service, by))

    def history(self, environment: str, service: str) -> tuple[HistoryEntry, ...]:
        """The releases of one service, newest first."""
        return self._ports.store.history(self._known(environment), service)

    def events(self, environment: str | None, limit: int) -> tuple[EventView, ...]:
        """What happened, oldest first."""
        return self._ports.store.events(self._known(environment) if environment else None, limit)

    def logs(self, environment: str, service: str, release: int | None, *, tail: int, follow: bool) -> "LogTexts":
        """Open the lines of a release (None: the newest)."""
        return LogTexts(self._ports.runtime.logs(self._known(environment), service, release, tail=tail, follow=follow))

    def enter(self, environment: str, service: str, release: int | None) -> Entry:
        """Tell where a command of a person runs beside a release. Raises as the runtime."""
        return self._ports.runtime.enter(self._known(environment), service, release)

    def front(self, environment: str, service: str, port: str) -> FrontView:
        """Tell by which URL a browser reaches a port. Raises NotFound, Permanent, Temporary when nobody answers."""
        view = self._service(environment, service)
        front.check_answers(self._service(view.borrowed_from, service) if view.borrowed_from else view)
        name, address = front.front(view, port)
        host, _, number = address.removeprefix("http://").rpartition(":")
        url = self._ports.runtime.public(view.environment, service, Address(host, int(number)))
        return FrontView(view.environment, service, name, url)

    def actors(self) -> tuple[ActorView, ...]:
        """Every actor, parents before children."""
        return picture(self._system, self._ports.roster, self._ports.clock())

    def engine(self) -> EngineView:
        """The counters of the engine."""
        return instruments(self._system)

    def trace(self, which: str) -> TraceView:
        """The path of a commit event, by delivery or by the beginning of a commit. Raises NotFound."""
        found = self._ports.trails.find(which)
        if found is None:
            kept = f"the last {TRACES} deliveries and commits are remembered while the daemon runs"
            raise NotFound(f'no trace of "{printable(which, 64)}"; {kept}')
        return found

    def dead_letters(self) -> tuple[DeadLetterView, ...]:
        """The last messages that nobody handled, newest first."""
        return dead_letters(self._system, self._ports.roster)

    def replay(self, number: int, *, by: str, why: str) -> Steered:
        """Send a dead letter again. Raises NotFound."""
        return self._steering.replay(number, by=by, why=why)

    def steer(self, address: str, verb: str, *, by: str, why: str) -> Steered:
        """Pause, resume, step, restart or stop an actor. Raises NotFound, Conflict, Permanent, Temporary."""
        return self._steering.steer(address, verb, by=by, why=why)

    def _environment(self, name: str) -> str:
        view = self._ports.board.get(name)
        if view is None:
            raise NotFound(f"no environment {name} (anabranch envs)")
        return view.environment

    def _service(self, environment: str, service: str) -> ServiceView:
        view = self._ports.board.get(environment)
        for found in view.services if view else ():
            if found.service == service:
                return found
        raise NotFound(f"no service {service} in {environment} (anabranch -n {environment} ps)")

    def _known(self, name: str) -> str:
        view = self._ports.board.get(name)
        return view.environment if view else name

    def _edited(self, message: Edit | Redeploy) -> Edited:
        self._refuse_if_stopped(message.environment, message.service)
        answer = self._ask(message)
        if not isinstance(answer, Edited):
            raise Temporary(f"unexpected answer {type(answer).__name__}; look at anabranch actors tree")
        return answer

    def _refuse_if_stopped(self, environment: str, service: str) -> None:
        for address, hold in self._ports.roster.holds().items():
            concerned = hold.environment == environment and hold.service in ("", service)
            if hold.verb == STOPPED and concerned and hold.kind != "deployment":
                raise Conflict(f"{hold.text}; first: anabranch actors resume {address}")

    def _ask(self, message: object, deadline: timedelta | None = None) -> object:
        with self._system.private() as asker:
            answer = asker.ask(self._root, message, deadline or self._deadline)
        if answer is None:
            raise Temporary(self._late())
        if isinstance(answer, PoisonMessage):
            raise Temporary("the daemon failed in this; see its log, and anabranch actors dead-letters")
        if isinstance(answer, Refused):
            raise _KINDS.get(answer.kind, Permanent)(answer.text)
        return answer

    def _late(self) -> str:
        trouble = self._ports.store.trouble
        if trouble:
            return f"{trouble}; make room there or free the file: it is tried again until it is written"
        held = next((hold.text for hold in self._ports.roster.holds().values()), "what is it busy with?")
        return f"no answer in time; {held} (anabranch actors tree)"


class LogTexts:
    """A runtime's lines as (release, seconds since the epoch, line)."""

    def __init__(self, lines: LogLines) -> None:
        self._lines = lines

    def __iter__(self) -> Iterator[tuple[int, float, str]]:
        """Wait for each line in turn."""
        for line in self._lines:
            yield line.release, line.at, line.text

    def close(self) -> None:
        """End the lines, from any thread."""
        self._lines.close()
