"""One branch name over all repositories = one environment: who is in it.

In: `HeadMoved` of its name, `WireRequest`s between services, `ServiceStatus` of its own. Out: `Define` to each service,
requests passed on to peers here or, by way of the root, elsewhere; the environment's picture to the board. No I/O but
that the runtime makes and removes the environment.
"""

from dataclasses import dataclass, replace

from thespian.actors import ActorAddress

from actors.base import BaseActor
from actors.child import Child
from actors.engine import expect_blocking
from actors.messages import (
    AskAgain,
    Define,
    Edit,
    EnvironmentIdle,
    Redeploy,
    Refused,
    RepositoriesRead,
    RepositoryNotices,
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
from orchestrator.domain.release import member_of
from orchestrator.domain.status import Observation
from orchestrator.errors import AnabranchError, Permanent


@dataclass(slots=True)
class Service:
    """A service actor of this environment, what it was told, and what it last said."""

    child: Child
    told: bool = False
    member: Member | None = None
    status: ServiceStatus | None = None

    @property
    def gone(self) -> bool:
        """Whether it read all its mail and nothing of it is left here, though others may still ask for it."""
        return self.status is not None and not self.status.view.present and self.status.handled == self.child.sent


class BranchActor(BaseActor):
    """Keeps the members of one environment at what git says."""

    def receiveMsg_StartBranch(self, message: StartBranch, _sender: ActorAddress) -> None:
        """Learn which environment this is."""
        self.environment, self.branch = message.environment, message.branch
        self.baseline = message.environment == environment_name(self.ports.settings.baseline)
        self.order = [r.name for r in self.ports.settings.repositories]
        self.heads: dict[str, HeadMoved] = {}
        self.earlier: tuple[Member, ...] | None = None
        self.released: tuple[str, ...] = ()
        self.membership = Membership()
        self.services: dict[str, Service] = {}
        self.left_over = self.exists = self.environment in self.ports.runtime.environments()
        self.ensured = False
        self.changed = self.ports.clock()
        self.notices: tuple[str, ...] = ()
        self.introduce(f"branch {self.environment}", "empty", environment=self.environment)
        self.reconcile()

    # What git says

    def receiveMsg_HeadMoved(self, message: HeadMoved, _sender: ActorAddress) -> None:
        """Merge one repository's head into the environment; of two branches in it only the one that is there counts."""
        if message.commit is not None:
            self.heads[message.repository] = message
            self.branch = self.branch if self.baseline else message.branch
        elif message.repository in self.heads and self.heads[message.repository].branch == message.branch:
            del self.heads[message.repository]
        else:
            self.earlier = tuple(m for m in self.earlier or () if m.repository != message.repository)
        self.reconcile()

    def receiveMsg_RepositoriesRead(self, _message: RepositoriesRead, _sender: ActorAddress) -> None:
        """Let go what an earlier daemon left and git no longer has, environment, single services or routes."""
        self.left_over = False
        self.earlier = () if self.earlier is not None else None
        self._merge()
        for name in (*self.released, *self.ports.runtime.routed(self.environment)):
            self._service(name)
        self.reconcile()

    def receiveMsg_RepositoryNotices(self, message: RepositoryNotices, _sender: ActorAddress) -> None:
        """Show what is odd about whole repositories; the root tells it to the baseline."""
        self.notices = message.lines
        self._publish()

    def reconcile(self) -> None:
        """Tell every service what it is now."""
        self._merge()
        self._make_exist()
        wanted = {m.service: m for m in self.membership.members}
        for name in [*wanted, *(n for n in self.services if n not in wanted)]:
            self._define(name, wanted.get(name))
        for name in tuple(self.services):
            self._let_go(name)
        self._publish()

    def _merge(self) -> None:
        """Work out the members; what an earlier daemon released stands in for files that cannot be read any more."""
        before, most = self.membership, self.ports.settings.limits.services_per_branch
        if self.earlier is None:
            self.earlier = tuple(member_of(r) for r in self.ports.store.living(self.environment))
            self.released = tuple(m.service for m in self.earlier)
        known = Membership((*self.earlier, *before.members))
        self.membership = members(self.heads, known, self.order, most, self.earlier)
        self.earlier = tuple(m for m in self.earlier if m.repository not in self.heads)
        if self.membership != before:
            self.changed = self.ports.clock()

    def _make_exist(self) -> None:
        """Make it, or have it be as the settings say now; whatever fails, its services say what stands in their way."""
        if self.ensured or not self.membership.members:
            return
        if not self.exists:
            self.ports.store.record((ledger.EnvironmentReturned(self.environment),))
            self.exists = True
        expect_blocking()
        try:
            self.ports.runtime.ensure_environment(self.environment, self.branch)
            self.ensured = True
        except AnabranchError as error:
            self.failed(str(error), permanent=isinstance(error, Permanent))

    def _define(self, name: str, member: Member | None) -> None:
        service = self._service(name)
        unknown = member is None and not service.told
        if service.member != member or (unknown and not self.left_over):
            service.member, service.told = member, True
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
        self._publish()

    def receiveMsg_AskAgain(self, message: AskAgain, _sender: ActorAddress) -> None:
        """Let every service repeat what it asked of a peer that was lost."""
        for service in self.services.values():
            self.tell(service.child, message)
        self._publish()

    def respawned(self, child: Child) -> None:
        """A service was lost: tell the new one what it is, and let those who relied on it ask again."""
        name = str(child.key)
        self.services[name] = Service(child)
        self.reconcile()
        self.tell_parent(AskAgain(self.environment, name))

    # What the world and people say to one service

    def receiveMsg_Observation(self, message: Observation, _sender: ActorAddress) -> None:
        """Pass an observation on to its service, which reports."""
        if message.service in self.services:
            self.tell(self.services[message.service].child, message)
        else:
            self._publish()

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
        self._publish()

    # What services report

    def receiveMsg_ServiceStatus(self, message: ServiceStatus, sender: ActorAddress) -> None:
        """Take a service's picture; one that is neither present nor referred to is let go."""
        service = self.services.get(message.view.service)
        if service is None or service.child.address != sender:
            return
        service.status = message
        self._let_go(message.view.service)
        self._publish()

    def _let_go(self, name: str) -> None:
        """Dismiss a service that is neither present nor referred to, with a route that an earlier daemon left."""
        service = self.services[name]
        if service.status and service.status.idle and service.gone and service.member is None:
            if name in self.ports.runtime.routed(self.environment):
                self.ports.runtime.route(self.environment, name, None)
            self.dismiss(name)
            del self.services[name]

    def _publish(self) -> None:
        self._end()
        if not (self.heads or self.exists):
            self.ports.board.remove(self.environment)
            if not self.services:
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
                notices=self.notices,
            )
        )

    def _end(self) -> None:
        """Remove an environment that holds nothing; what an earlier daemon left waits until git was read."""
        over = not self.membership.members and all(s.gone for s in self.services.values())
        if not self.exists or self.left_over or not over:
            return
        self.ports.runtime.remove_environment(self.environment)
        self.exists = self.ensured = False
        self.ports.store.record((ledger.EnvironmentRemoved(self.environment, self.ports.clock()),))
        self.happened("EnvironmentRemoved", "nothing is left of it in git", "git", self.environment)
