"""One service in one environment: what it should be now.

In: `Define` from its branch, `Edit` and `Redeploy` from people, `DeploymentStatus` from its deployments, `Recorded`
from the store, what `WiredActor` takes from peers. Out: releases (recorded first, then given to a deployment), routes
to the runtime, `ServiceStatus` to its branch.
"""

from dataclasses import replace

from thespian.actors import ActorAddress

from actors.addresses import StableAddresses
from actors.deployment import DeploymentActor
from actors.messages import (
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
)
from actors.recorder import Recorder
from actors.wired import WiredActor
from actors.wires import Party, Wires
from orchestrator.domain import edit, ledger, override, standing
from orchestrator.domain.ledger import Ledger
from orchestrator.domain.naming import environment_name
from orchestrator.domain.release import Cause, Release, next_release
from orchestrator.domain.resolver import Resolver
from orchestrator.domain.snapshot import Edited, ServiceView
from orchestrator.domain.standing import Rollout, Standing
from orchestrator.domain.status import Health, Observation
from orchestrator.errors import AnabranchError, Permanent


class ServiceActor(WiredActor):
    """Keeps one service at what git, its overrides and its peers say."""

    environment: str
    service: str

    def receiveMsg_StartService(self, message: StartService, _sender: ActorAddress) -> None:
        """Learn who this is, and what the store knows of it."""
        self.environment, self.service = message.environment, message.service
        baseline = self.ports.settings.baseline
        party = Party(self.environment, message.branch, self.service, baseline, self.myAddress)
        self.name = party.name
        self.wires, self.resolver = Wires(party), Resolver(self.ports.runtime.refuse)
        self.standing = Standing(
            self.environment, message.branch, self.service, environment_name(baseline), since=self.ports.clock()
        )
        self.known: Ledger | None = None
        self.rollouts: dict[int, Rollout] = {}
        self.recorder = Recorder()
        self.hint: Cause | None = None
        self.told = self.joining = False
        self.restoring = 0
        self.addresses = StableAddresses(self.ports.runtime, self.environment, self.service)
        self.shown: ServiceView | None = None
        self.introduce(f"service {self.name}", "undefined", environment=self.environment, service=self.service)
        self.reconcile()

    # What git says

    def receiveMsg_Define(self, message: Define, _sender: ActorAddress) -> None:
        """Take the new definition."""
        self.joining = self.joining or (message.member is not None and self.standing.member is None)
        self.told = True
        self.standing = replace(self.standing, member=message.member)
        self.reconcile()

    # What people ask

    def receiveMsg_Edit(self, message: Edit, sender: ActorAddress) -> None:
        """Check an edit, write it down, and let it lead to a release."""
        asker = message.reply_to or sender
        try:
            after = self._edited(message)
        except AnabranchError as error:
            self.send(asker, Refused(type(error).__name__, str(error)))
            self.reconcile()
            return
        now = self.ports.clock()
        for row in ledger.edit_rows(self.environment, self.service, message.changes, now, message.by):
            self.recorder.add(row)
        self.standing = replace(self.standing, overrides=after)
        self._ordered(asker, Cause.EDIT, "Edited", ", ".join(name for name, _ in message.changes), message.by)

    def _edited(self, message: Edit) -> tuple[override.Override, ...]:
        self._learn()
        now = self.ports.clock()
        workload, after = edit.edited(
            self.standing, message.changes, message.revision, self.wires.answers, now, message.by
        )
        refusal = self.ports.runtime.refuse(workload)
        if refusal:
            raise Permanent(refusal)
        return after

    def receiveMsg_Redeploy(self, message: Redeploy, sender: ActorAddress) -> None:
        """Make a new release of the same commit."""
        asker = message.reply_to or sender
        if self.standing.member is None:
            self.send(asker, Refused("NotFound", f"{self.environment} has no {self.service} of its own to redeploy"))
            self.reconcile()
            return
        self._ordered(asker, Cause.REDEPLOY, "Redeployed", "", message.by)

    def _ordered(self, asker: ActorAddress, cause: Cause, kind: str, text: str, by: str) -> None:
        self.hint = cause
        self.recorder.answer(asker)
        self._event(kind, text, by)
        self.reconcile()

    # What the store says

    def receiveMsg_Recorded(self, _message: Recorded, _sender: ActorAddress) -> None:
        """Start what is written down now, and answer the people who waited for it."""
        made, askers = self.recorder.done()
        if made and self.known:
            self.known = replace(self.known, current=made, last_number=made.number)
            self.restoring = 0
            self._event("ReleaseMade", f"v{made.number} {made.cause.value}: {made.change}", made.delivery)
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

    # What is observed, and what deployments report

    def receiveMsg_Observation(self, message: Observation, _sender: ActorAddress) -> None:
        """Give an observation to the deployment of its release, which reports; one that is let go changes nothing."""
        deployment = self.children.get(message.release)
        if deployment:
            self.tell(deployment, message)
        else:
            self.reconcile()

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
        self._event("ReleaseReady", f"v{number}", rollout.release.delivery)
        self._dismiss([n for n in self.rollouts if n < number])

    def _fail(self, rollout: Rollout) -> None:
        number, reason = rollout.release.number, rollout.observation.reason
        self.recorder.add(ledger.ReleaseFailed(self.environment, self.service, number, self.ports.clock(), reason))
        self._event("ReleaseFailed", f"v{number}: {reason}", rollout.release.delivery)

    def _deploy(self, release: Release) -> None:
        serving = self.standing.serving
        self._dismiss([n for n in self.rollouts if not serving or n != serving.release.number])
        for number in self.rollouts:
            self.children[number].start = StartDeployment(self.rollouts[number].release, superseded=True)
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
        known = self._learn()
        self.ask()
        self._restore(known)
        self._resolve()
        self._route()
        self._leave()
        self.recorder.flush(self.ports.store, self.myAddress, self._next())
        newest = self.rollouts[max(self.rollouts)] if self.rollouts else None
        self.standing = replace(self.standing, newest=newest)
        self.answer()
        self._show()

    def _learn(self) -> Ledger:
        """Read what the store knows of this service, once."""
        if self.known is None:
            self.known = self.ports.store.load(self.environment, self.service)
            self.standing = replace(
                self.standing, overrides=self.known.overrides, served=self.known.last_good is not None
            )
        return self.known

    def _restore(self, known: Ledger) -> None:
        """Start the last good release of a service that is back after a restart before anything newer is tried."""
        member, back = self.standing.member, self.joining
        self.joining = False
        if not (member and back):
            return
        if known.last_good and not self.rollouts:
            self.restoring = known.last_good.number
            self._deploy(known.last_good)
        elif known.current is None:
            self._event("ServiceJoined", f"from {member.repository}", member.delivery)

    def _resolve(self) -> None:
        now = self.standing
        found = self.resolver.resolve(now.member, now.overrides, self.wires.answers)
        ports = self.addresses.ports(standing.port_numbers(now))
        self.standing = replace(now, ports=ports, resolution=found.resolution, refusal=found.refusal)

    def _route(self) -> None:
        moved = self.addresses.lead(standing.fallback(self.standing))
        if moved and not self.standing.serving:
            self.standing = replace(self.standing, since=self.ports.clock())

    def _leave(self) -> None:
        known, now = self._learn(), self.ports.clock()
        if self.standing.member or not self.told or not (self.rollouts or known.current or known.last_good):
            return
        self.ports.runtime.remove(self.environment, self.service)
        self._dismiss(list(self.rollouts))
        self.known, self.restoring, self.hint = replace(known, current=None, last_good=None), 0, None
        self.standing = replace(self.standing, serving=None, served=False, newest=None, since=now)
        self.recorder.add(ledger.ServiceRemoved(self.environment, self.service, now))
        self._event("ServiceLeft", "its branch is gone or no longer defines it", "git")

    def _next(self) -> Release | None:
        known, now, member = self._learn(), self.standing, self.standing.member
        if member is None or self.recorder.busy or self.restoring or now.resolution.missing or now.refusal:
            return None
        made = next_release(
            member,
            now.resolution.resolved,
            known.current,
            environment=self.environment,
            last_number=known.last_number,
            hint=self.hint,
            now=self.ports.clock(),
        )
        self.hint = None
        if made is None and known.current and known.current.number not in self.rollouts:
            self._deploy(known.current)
        return made

    def _show(self) -> None:
        before = self.shown
        shown = standing.view(self.standing, before.changed if before else self.ports.clock())
        if before is None or standing.differs(before, shown):
            shown = replace(shown, changed=self.ports.clock())
        if shown != before or not shown.present:
            self.shown = shown
            self.write(detail=f"{shown.status.value} {shown.note}".strip())
            idle = not shown.present and not shown.needed_by and not self.recorder.owes
            self.tell_parent(ServiceStatus(shown, idle, self.handled))

    def _event(self, kind: str, text: str, by: str) -> None:
        self.happened(kind, text, by, self.environment, self.service)
