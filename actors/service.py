"""One service in one environment: what it should be now, and its wires with its peers.

In: `Define` from its branch, `Wired` from its peers, `Edit` and `Redeploy` from people, `DeploymentStatus` from its
deployments, `Recorded` from the store. Out: `WireRequest`s, releases (recorded first, then given to a deployment),
routes to the runtime, `Wired` to those who asked, `ServiceStatus` to its branch.
"""

from dataclasses import dataclass, replace

from thespian.actors import ActorAddress

from actors.base import BaseActor
from actors.deployment import DeploymentActor
from actors.messages import (
    AskAgain,
    Define,
    DeploymentStatus,
    Edit,
    NotRecorded,
    Recorded,
    Redeploy,
    Refused,
    ServiceStatus,
    StartDeployment,
    StartService,
    WireReleased,
    WireRequest,
)
from actors.recorder import Recorder
from orchestrator.domain import edit, ledger, override, standing
from orchestrator.domain.commit import Member
from orchestrator.domain.consumers import Reliance, agree
from orchestrator.domain.naming import environment_name
from orchestrator.domain.release import Cause, Release, next_release
from orchestrator.domain.snapshot import Edited, EventView, ServiceView
from orchestrator.domain.standing import Rollout, Standing
from orchestrator.domain.status import Health, Observation
from orchestrator.domain.wire import BASELINE, NONE, Wired, WiredPort, references
from orchestrator.domain.wiring import Resolution, resolve
from orchestrator.errors import Conflict, NotFound, Permanent

FALLBACK = "(fallback)"
"""The key of the one request that goes to the environment borrowed from; no service can have this name."""


@dataclass(slots=True)
class Consumer:
    """A peer that is wired to this service, and the last answer that it was sent."""

    request: WireRequest
    told: Wired | None = None


class ServiceActor(BaseActor):
    """Keeps one service at what git, its overrides and its peers say."""

    environment: str
    service: str
    standing: Standing

    def receiveMsg_StartService(self, message: StartService, _sender: ActorAddress) -> None:
        """Learn who this is, and what the store knows of it."""
        self.environment, self.service = message.environment, message.service
        self.name = f"{self.environment}:{self.service}"
        baseline = environment_name(self.ports.settings.baseline)
        self.standing = Standing(self.environment, message.branch, self.service, baseline)
        self.consumers: dict[str, Consumer] = {}
        self.asked: dict[str, WireRequest] = {}
        self.answers: dict[str, Wired] = {}
        self.rollouts: dict[int, Rollout] = {}
        self.recorder = Recorder()
        self.hint: Cause | None = None
        self.restoring = 0
        self.routed: str | None = None
        self.shown: ServiceView | None = None
        self.write(name=f"service {self.name}", detail="undefined")
        known = self.ports.store.load(self.environment, self.service)
        self.last_number, self.current, self.last_good = known.last_number, known.current, known.last_good
        self.standing = replace(self.standing, overrides=known.overrides, since=self.ports.clock())

    # What git says

    def receiveMsg_Define(self, message: Define, _sender: ActorAddress) -> None:
        """Take the new definition; a service that is back after a restart starts its last good release first."""
        was, member = self.standing.member, message.member
        self.standing = replace(self.standing, member=member)
        if member and not was:
            self.happened("ServiceJoined", f"from {member.repository}", member.delivery)
            self._restore()
        self.reconcile()

    def _restore(self) -> None:
        if self.last_good and not self.rollouts:
            self.restoring = self.last_good.number
            self._deploy(self.last_good)

    # What peers ask and answer

    def receiveMsg_WireRequest(self, message: WireRequest, _sender: ActorAddress) -> None:
        """Remember who relies on this service, and answer."""
        self.consumers[message.consumer] = Consumer(message)
        self.standing = replace(self.standing, candidates=message.candidates)
        self.reconcile()

    def receiveMsg_WireReleased(self, message: WireReleased, _sender: ActorAddress) -> None:
        """Forget a consumer."""
        self.consumers.pop(message.consumer, None)
        self.reconcile()

    def receiveMsg_Wired(self, message: Wired, _sender: ActorAddress) -> None:
        """Take an answer: of a peer in this environment, or of the same service in the one borrowed from."""
        if message.environment == self.environment:
            self.answers[message.service] = message
        elif FALLBACK in self.asked:
            self.standing = replace(self.standing, borrowed=message)
        self.reconcile()

    def receiveMsg_AskAgain(self, message: AskAgain, _sender: ActorAddress) -> None:
        """Repeat the requests that went to a peer that was lost."""
        for request in self.asked.values():
            if message.environment == request.environment and message.service in ("", request.service):
                self.tell_parent(request)

    # What people ask

    def receiveMsg_Edit(self, message: Edit, sender: ActorAddress) -> None:
        """Check an edit, write it down, and let it lead to a release."""
        asker = message.reply_to or sender
        try:
            after = self._edited(message)
        except Permanent as error:
            self.send(asker, Refused(type(error).__name__, str(error)))
            return
        now = self.ports.clock()
        for row in ledger.edit_rows(self.environment, self.service, message.changes, now, message.by):
            self.recorder.add(row)
        self.standing = replace(self.standing, overrides=after)
        self._ordered(asker, Cause.EDIT, "Edited", ", ".join(name for name, _ in message.changes), message.by)

    def _edited(self, message: Edit) -> tuple[override.Override, ...]:
        member, now = self.standing.member, self.standing
        if member is None:
            raise NotFound(f"{self.environment} has no {self.service} of its own to edit; it is borrowed")
        shown = override.revision([(v.name, v.text) for v in now.resolution.variables])
        if message.revision not in ("", shown):
            raise Conflict(f"{self.name} was changed meanwhile; look at it and edit again")
        edit.check(member.workload, now.overrides, message.changes, self.answers)
        after = override.changed(now.overrides, message.changes, self.ports.clock(), message.by)
        refusal = self.ports.runtime.refuse(edit.overlaid(member.workload, after))
        if refusal:
            raise Permanent(refusal)
        return after

    def receiveMsg_Redeploy(self, message: Redeploy, sender: ActorAddress) -> None:
        """Make a new release of the same commit."""
        asker = message.reply_to or sender
        if self.standing.member is None:
            self.send(asker, Refused("NotFound", f"{self.environment} has no {self.service} of its own to redeploy"))
            return
        self._ordered(asker, Cause.REDEPLOY, "Redeployed", "", message.by)

    def _ordered(self, asker: ActorAddress, cause: Cause, kind: str, text: str, by: str) -> None:
        self.hint = cause
        self.recorder.answer(asker)
        self.happened(kind, text, by)
        self.reconcile()

    # What the store says

    def receiveMsg_Recorded(self, _message: Recorded, _sender: ActorAddress) -> None:
        """Start what is written down now, and answer the people who waited for it."""
        made, askers = self.recorder.done()
        if made:
            self.current, self.last_number, self.restoring = made, made.number, 0
            self.happened("ReleaseMade", f"v{made.number} {made.cause.value}: {made.change}", made.delivery)
            if self.standing.member:
                self._deploy(made)
        self.reconcile()
        answer = self._outcome(made)
        for asker in askers:
            self.send(asker, answer)

    def _outcome(self, made: Release | None) -> Edited:
        if made:
            text = f"v{made.number} ({made.cause.value}: {made.change})"
            return Edited(self.environment, self.service, made.number, text)
        _, note = standing.status_of(self.standing)
        return Edited(self.environment, self.service, 0, note or "no new release, nothing that runs has changed")

    def receiveMsg_NotRecorded(self, message: NotRecorded, _sender: ActorAddress) -> None:
        """Keep the rows for the next try; a release that is not on disk is never started."""
        made, askers = self.recorder.undone()
        self.hint = made.cause if made else self.hint
        for asker in askers:
            self.send(asker, Refused("Temporary", message.reason))
        self.failed(message.reason, permanent=False)

    # What deployments report

    def receiveMsg_DeploymentStatus(self, message: DeploymentStatus, _sender: ActorAddress) -> None:
        """Note what became of a release; the first time that it is Ready it serves, and older ones are dismissed."""
        before = self.rollouts.get(message.number)
        if before is None:
            return
        seen = message.observation
        since = before.since if seen.health is before.observation.health else self.ports.clock()
        rollout = self.rollouts[message.number] = Rollout(before.release, seen, since)
        serving = self.standing.serving
        if serving and serving.release.number == message.number:
            self.standing = replace(self.standing, serving=rollout)
        elif seen.health is Health.READY:
            self._serve(rollout)
        elif seen.health is Health.DEGRADED and before.observation.health is not Health.DEGRADED:
            self._fail(rollout)
        if self.restoring == message.number and seen.health in (Health.READY, Health.DEGRADED):
            self.restoring = 0
        self.reconcile()

    def _serve(self, rollout: Rollout) -> None:
        number, now = rollout.release.number, self.ports.clock()
        first = self.standing.serving is None
        self.standing = replace(self.standing, serving=rollout, since=now if first else self.standing.since)
        self.recorder.add(ledger.ReleaseServed(self.environment, self.service, number, now))
        self.happened("ReleaseReady", f"v{number}", rollout.release.delivery)
        self._dismiss([n for n in self.rollouts if n < number])

    def _fail(self, rollout: Rollout) -> None:
        number, reason = rollout.release.number, rollout.observation.reason
        self.recorder.add(ledger.ReleaseFailed(self.environment, self.service, number, self.ports.clock(), reason))
        self.happened("ReleaseFailed", f"v{number}: {reason}", rollout.release.delivery)

    def _deploy(self, release: Release) -> None:
        serving = self.standing.serving
        self._dismiss([n for n in self.rollouts if not serving or n != serving.release.number])
        starting = Observation(self.environment, self.service, release.number, Health.PROGRESSING, "is starting")
        self.rollouts[release.number] = Rollout(release, starting, self.ports.clock())
        self.spawn(release.number, DeploymentActor, StartDeployment(release))

    def _dismiss(self, numbers: list[int]) -> None:
        for number in numbers:
            self.rollouts.pop(number, None)
            self.dismiss(number)

    # Making the world match

    def reconcile(self) -> None:
        """Ask, resolve, route, release, tell: in this order, each only where something differs."""
        self._ask()
        self._resolve()
        self._route()
        self._leave()
        self.recorder.flush(self.ports.store, self.myAddress, self._next())
        self._answer()
        self._show()

    def _ask(self) -> None:
        wanted = self._wanted()
        for key in [k for k in self.asked if self.asked[k] != wanted.get(k)]:
            request = self.asked.pop(key)
            self.answers.pop(key, None)
            self.tell_parent(WireReleased(request.environment, request.service, self.name))
        if FALLBACK not in wanted:
            self.standing = replace(self.standing, borrowed=None)
        for key in wanted.keys() - self.asked.keys():
            self.asked[key] = wanted[key]
            self.tell_parent(wanted[key])

    def _wanted(self) -> dict[str, WireRequest]:
        member = self.standing.member
        found = references(member.workload) if member else ()
        wanted = {
            r.service: self._request(self.standing.branch, r.service, r.fallback, member)
            for r in found
            if r.service != self.service
        }
        agreement = agree([Reliance(c, r.request.fallback, r.request.file) for c, r in self.consumers.items()])
        self.standing = replace(self.standing, conflict=agreement.conflict)
        if agreement.fallback and environment_name(agreement.fallback) != self.environment:
            wanted[FALLBACK] = self._request(agreement.fallback, self.service, NONE, None)
        return wanted

    def _request(self, branch: str, service: str, fallback: str, member: Member | None) -> WireRequest:
        return WireRequest(
            environment=self.environment if member else environment_name(branch),
            branch=branch,
            service=service,
            consumer=self.name,
            reply_to=self.myAddress,
            fallback={BASELINE: self.ports.settings.baseline, NONE: ""}.get(fallback, fallback),
            file=f"{member.repository} {member.workload.file}" if member else "",
        )

    def _resolve(self) -> None:
        member, now = self.standing.member, self.standing
        self.standing = replace(
            now,
            ports=self._addresses(),
            resolution=resolve(member.workload, now.overrides, self.answers, f"{member.repository}@{member.branch}")
            if member
            else Resolution(),
            refusal=self.ports.runtime.refuse(edit.overlaid(member.workload, now.overrides)) if member else "",
        )

    def _addresses(self) -> tuple[WiredPort, ...]:
        member, borrowed = self.standing.member, self.standing.borrowed
        numbers = [(p.name, p.port) for p in member.workload.ports] if member else []
        if not member and borrowed:
            numbers = [(p.name, p.number) for p in borrowed.ports]
        known = {p.number: p for p in self.standing.ports}
        return tuple(self._address(name, number, known.get(number)) for name, number in numbers)

    def _address(self, name: str, number: int, known: WiredPort | None) -> WiredPort:
        if known:
            return replace(known, name=name)
        address = self.ports.runtime.address(self.environment, self.service, number)
        return WiredPort(name, number, address.host, address.port)

    def _route(self) -> None:
        borrowed = self.standing.borrowed
        target = borrowed.environment if borrowed and borrowed.defined else None
        if target != self.routed:
            self.ports.runtime.route(self.environment, self.service, target)
            self.routed = target
            if not self.standing.serving:
                self.standing = replace(self.standing, since=self.ports.clock())

    def _leave(self) -> None:
        if self.standing.member or not (self.rollouts or self.current or self.last_good):
            return
        self.ports.runtime.remove(self.environment, self.service)
        now = self.ports.clock()
        self._dismiss(list(self.rollouts))
        self.current, self.last_good, self.restoring = None, None, 0
        self.standing = replace(self.standing, serving=None, newest=None, since=now)
        self.recorder.add(ledger.ServiceRemoved(self.environment, self.service, now))
        self.happened("ServiceLeft", "its branch is gone or no longer defines it", "git")

    def _next(self) -> Release | None:
        now, member = self.standing, self.standing.member
        if member is None or self.recorder.busy or self.restoring or now.resolution.missing or now.refusal:
            return None
        made = next_release(
            member,
            now.resolution.resolved,
            self.current,
            environment=self.environment,
            last_number=self.last_number,
            hint=self.hint,
            now=self.ports.clock(),
        )
        self.hint = None
        if made is None and self.current and self.current.number not in self.rollouts:
            self._deploy(self.current)
        return made

    def _answer(self) -> None:
        newest = self.rollouts[max(self.rollouts)] if self.rollouts else None
        self.standing = replace(self.standing, newest=newest, consumers=tuple(sorted(self.consumers)))
        answer = standing.answer(self.standing)
        for consumer in self.consumers.values():
            if consumer.told != answer:
                consumer.told = answer
                self.send(consumer.request.reply_to, answer)

    def _show(self) -> None:
        before = self.shown
        shown = standing.view(self.standing, before.changed if before else self.ports.clock())
        if before is None or standing.differs(before, shown):
            shown = replace(shown, changed=self.ports.clock())
        idle = not shown.present and not self.consumers
        if shown != before or idle:
            self.shown = shown
            self.write(detail=f"{shown.status.value} {shown.note}".strip())
            self.tell_parent(ServiceStatus(shown, len(self.consumers), self.handled))

    def happened(self, kind: str, text: str, by: str) -> None:
        """Write an event down, and let readers see it."""
        now = self.ports.clock()
        self.recorder.add(ledger.Happened(now, self.environment, self.service, kind, text, by))
        self.ports.board.happened(EventView(0, now, self.environment, self.service, kind, text, by))
