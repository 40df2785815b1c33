"""One branch name over all repositories = one environment: who is in it.

In: `HeadMoved` of its name, `WireRequest`s between services, `ServiceStatus` of its own. Out: `Define` to each service,
requests passed on to peers here or, by way of the root, elsewhere; the environment's picture to the board. No I/O but
that the runtime makes and removes the environment.
"""

from dataclasses import dataclass, replace

from thespian.actors import ActorAddress

from actors.base import BaseActor, Child
from actors.messages import (
    AskAgain,
    Define,
    Edit,
    EnvironmentIdle,
    Redeploy,
    Refused,
    ServiceStatus,
    StartBranch,
    StartService,
    WireReleased,
    WireRequest,
)
from actors.service import ServiceActor
from orchestrator.domain import environment, ledger
from orchestrator.domain.commit import HeadMoved, Member, Membership, members
from orchestrator.domain.naming import environment_name
from orchestrator.domain.snapshot import EventView
from orchestrator.domain.status import Observation


@dataclass(slots=True)
class Service:
    """A service actor of this environment, what it was told, and what it last said."""

    child: Child
    member: Member | None = None
    status: ServiceStatus | None = None


class BranchActor(BaseActor):
    """Keeps the members of one environment at what git says."""

    def receiveMsg_StartBranch(self, message: StartBranch, _sender: ActorAddress) -> None:
        """Learn which environment this is."""
        self.environment, self.branch = message.environment, message.branch
        self.baseline = message.environment == environment_name(self.ports.settings.baseline)
        self.order = [r.name for r in self.ports.settings.repositories]
        self.heads: dict[str, HeadMoved] = {}
        self.membership = Membership()
        self.services: dict[str, Service] = {}
        self.exists = False
        self.changed = self.ports.clock()
        self.write(name=f"branch {self.environment}", detail="empty")

    # What git says

    def receiveMsg_HeadMoved(self, message: HeadMoved, _sender: ActorAddress) -> None:
        """Merge one repository's head into the environment."""
        if message.commit is None:
            self.heads.pop(message.repository, None)
        else:
            self.heads[message.repository] = message
            self.branch = self.branch if self.baseline else message.branch
        self.reconcile()

    def reconcile(self) -> None:
        """Tell every service what it is now."""
        before = self.membership
        most = self.ports.settings.limits.services_per_branch
        self.membership = members(self.heads, before, self.order, most)
        if self.membership != before:
            self.changed = self.ports.clock()
        self._make_exist()
        wanted = {m.service: m for m in self.membership.members}
        for name in [*wanted, *(n for n in self.services if n not in wanted)]:
            self._define(name, wanted.get(name))
        self._publish()

    def _make_exist(self) -> None:
        if self.membership.members and not self.exists:
            self.ports.runtime.ensure_environment(self.environment, self.branch)
            self.ports.store.record((ledger.EnvironmentReturned(self.environment),))
            self.exists = True

    def _define(self, name: str, member: Member | None) -> None:
        service = self._service(name)
        if service.member != member:
            service.member = member
            self.tell(service.child, Define(member))

    def _service(self, name: str) -> Service:
        if name not in self.services:
            start = StartService(self.environment, self.branch, name)
            self.services[name] = Service(self.spawn(name, ServiceActor, start))
        return self.services[name]

    # What services say to each other

    def receiveMsg_WireRequest(self, message: WireRequest, _sender: ActorAddress) -> None:
        """Pass a question on to the peer; a service that is only referred to gets an actor too, and is borrowed."""
        if message.environment != self.environment:
            self.tell_parent(message)
            return
        present = tuple(m.service for m in self.membership.members)
        service = self._service(message.service)
        self.tell(service.child, replace(message, candidates=present))

    def receiveMsg_WireReleased(self, message: WireReleased, _sender: ActorAddress) -> None:
        """Pass on that a consumer needs no more answers."""
        if message.environment != self.environment:
            self.tell_parent(message)
        elif message.service in self.services:
            self.tell(self.services[message.service].child, message)

    def receiveMsg_AskAgain(self, message: AskAgain, _sender: ActorAddress) -> None:
        """Let every service repeat what it asked of a peer that was lost."""
        for service in self.services.values():
            self.tell(service.child, message)

    def respawned(self, child: Child) -> None:
        """A service was lost: tell the new one what it is, and let those who relied on it ask again."""
        name = str(child.key)
        self.services[name] = Service(child)
        self.reconcile()
        self.tell_parent(AskAgain(self.environment, name))

    # What the world and people say to one service

    def receiveMsg_Observation(self, message: Observation, _sender: ActorAddress) -> None:
        """Pass an observation on to its service."""
        if message.service in self.services:
            self.tell(self.services[message.service].child, message)

    def receiveMsg_Edit(self, message: Edit, _sender: ActorAddress) -> None:
        """Pass an edit on."""
        self._pass_on(message)

    def receiveMsg_Redeploy(self, message: Redeploy, _sender: ActorAddress) -> None:
        """Pass a redeploy on."""
        self._pass_on(message)

    def _pass_on(self, message: Edit | Redeploy) -> None:
        service = self.services.get(message.service)
        if service:
            self.tell(service.child, message)
        elif message.reply_to:
            self.send(message.reply_to, Refused("NotFound", f"{self.environment} has no service {message.service}"))

    # What services report

    def receiveMsg_ServiceStatus(self, message: ServiceStatus, _sender: ActorAddress) -> None:
        """Take a service's picture; one that is neither present nor referred to is let go."""
        service = self.services.get(message.view.service)
        if service is None:
            return
        service.status = message
        idle = not message.view.present and not message.consumers and service.member is None
        if idle and message.handled == service.child.sent:
            self.dismiss(message.view.service)
            del self.services[message.view.service]
        self._publish()

    def _publish(self) -> None:
        if not self.services and self.exists:
            self._remove()
        if not self.services and not self.heads:
            self.ports.board.remove(self.environment)
            self.tell_parent(EnvironmentIdle(self.environment, self.handled))
            return
        self.write(detail=f"{len(self.membership.members)} services")
        self.ports.board.publish(
            environment.view(
                self.environment,
                self.branch,
                baseline=self.baseline,
                heads=self.heads,
                membership=self.membership,
                services=[s.status.view for s in self.services.values() if s.status],
                changed=self.changed,
            )
        )

    def _remove(self) -> None:
        now = self.ports.clock()
        self.ports.runtime.remove_environment(self.environment)
        self.exists = False
        event = EventView(0, now, self.environment, "", "EnvironmentRemoved", "nothing is left of it in git", "git")
        happened = ledger.Happened(event.at, event.environment, "", event.kind, event.text, event.by)
        self.ports.store.record((ledger.EnvironmentRemoved(self.environment, now), happened))
        self.ports.board.happened(event)
