"""The root: routes what moved and what was observed, supervises repositories and branches.

In: `HeadMoved` from repositories, `Observation`s from the runtime, hints and requests from the gateway. Out: each to
the one actor that it concerns. It waits for nothing, so that it answers at once whatever else goes on. It remembers the
heads that it passed on, so that an actor which was lost can be told them again.
"""

from dataclasses import dataclass, replace

from thespian.actors import ActorAddress

from actors.base import RULES, BaseActor
from actors.branch import BranchActor
from actors.caretaker import CaretakerActor
from actors.child import Child
from actors.engine import Then, supervised
from actors.messages import (
    ApproveRemoval,
    AskAgain,
    Edit,
    EnvironmentIdle,
    Redeploy,
    Refused,
    RepositoriesRead,
    RepositoryLooked,
    RepositoryNotices,
    StartBranch,
    StartCaretaker,
    StartOrchestrator,
    StartRepository,
    Sync,
    SyncRepositories,
    WireReleased,
    WireRequest,
)
from actors.repository import RepositoryActor
from actors.syncs import Syncs
from orchestrator.domain.commit import HeadMoved
from orchestrator.domain.hint import RefHint
from orchestrator.domain.naming import environment_name
from orchestrator.domain.status import Observation
from orchestrator.domain.text import did_you_mean, listed


@dataclass(frozen=True, slots=True)
class Confirm:
    """Payload of a wake-up: look a second time before removing what an earlier daemon left."""


@supervised(replace(RULES, max_restarts=3, within=300.0, then=Then.ESCALATE))
class OrchestratorActor(BaseActor):
    """One for the whole system; its children are `repository NAME`, `branch ENVIRONMENT` and a caretaker."""

    def receiveMsg_StartOrchestrator(self, _message: StartOrchestrator, _sender: ActorAddress) -> None:
        """Create a repository actor for each repository of the settings, and the baseline."""
        self.heads: dict[tuple[str, str], HeadMoved] = {}
        self.unread = {r.name for r in self.ports.settings.repositories}
        self.leaving: dict[str, tuple[str, ...]] = {}
        self.left_over = set(self.ports.runtime.environments())
        self.confirming = self.confirmed = False
        self.settled: set[str] = set()
        self.syncs = Syncs([r.name for r in self.ports.settings.repositories])
        self.notices: dict[str, tuple[str, ...]] = {}
        self.remembered = False
        self.write(name="orchestrator", detail="idle")
        self.reconcile()
        for repository in self.ports.settings.repositories:
            self.spawn(("repository", repository.name), RepositoryActor, StartRepository(repository.name))
        self.spawn("caretaker", CaretakerActor, StartCaretaker())

    def reconcile(self) -> None:
        """Let the environments run on that an earlier daemon left, before git says anything."""
        baseline = self.ports.settings.baseline
        self._branch(environment_name(baseline), baseline)
        if not self.remembered:
            for environment, branch in self.ports.store.environments():
                self._branch(environment, branch)
            self.remembered = True

    def _branch(self, environment: str, branch: str) -> Child:
        key = ("branch", environment)
        if key not in self.children:
            self.spawn(key, BranchActor, StartBranch(environment, branch))
        return self.children[key]

    def _to_branch(self, environment: str, message: object) -> bool:
        child = self.children.get(("branch", environment))
        if child:
            self.tell(child, message)
        return child is not None

    def _repositories(self) -> tuple[Child, ...]:
        return tuple(c for c in self.children.values() if c.kind is RepositoryActor)

    def _branches(self) -> tuple[tuple[Child, str], ...]:
        starts = tuple((c, c.start) for c in self.children.values())
        return tuple((child, start.environment) for child, start in starts if isinstance(start, StartBranch))

    # From repositories and branches

    def receiveMsg_HeadMoved(self, message: HeadMoved, _sender: ActorAddress) -> None:
        """Give a head to its branch, which exists from then on; a head that is gone makes no branch."""
        if message.commit is None:
            self.heads.pop((message.repository, message.branch), None)
            self._to_branch(message.environment, message)
        else:
            self.heads[message.repository, message.branch] = message
            self.tell(self._branch(message.environment, message.branch), message)
            self._settle()

    def receiveMsg_RepositoryLooked(self, message: RepositoryLooked, _sender: ActorAddress) -> None:
        """Once every repository was read twice, let what an earlier daemon left of branches that are gone go."""
        for asker, answer in self.syncs.looked(message):
            self.send(asker, answer)
        self._notice(message.repository, (message.problem,) if message.problem else message.notices)
        if message.problem:
            return
        self.leaving[message.repository] = message.leaving
        self.unread.discard(message.repository)
        if not self.unread and not self.confirming:
            self.confirming = True
            self.wake(self.ports.settings.removal_grace, Confirm())
        self._settle()

    def _notice(self, repository: str, lines: tuple[str, ...]) -> None:
        if lines != self.notices.get(repository, ()):
            self.notices[repository] = lines
            self._tell_notices()

    def _tell_notices(self) -> None:
        order = [r.name for r in self.ports.settings.repositories]
        lines = tuple(line for name in order for line in self.notices.get(name, ()))
        self._to_branch(environment_name(self.ports.settings.baseline), RepositoryNotices(lines))

    def woken(self, _payload: object) -> None:
        """Read every repository a second time."""
        self.confirmed = True
        self.unread = {r.name for r in self.ports.settings.repositories}
        self.receiveMsg_SyncRepositories(SyncRepositories(), self.myAddress)

    def _settle(self) -> None:
        if self.unread or not self.confirmed:
            return
        leaving = {environment for names in self.leaving.values() for environment in names}
        for environment in self.left_over - leaving:
            self._branch(environment, environment)
        self.left_over &= leaving
        for child, environment in self._branches():
            if environment not in leaving | self.settled:
                self.settled.add(environment)
                self.tell(child, RepositoriesRead())

    def receiveMsg_EnvironmentIdle(self, message: EnvironmentIdle, _sender: ActorAddress) -> None:
        """Let a branch go that holds nothing, unless mail is on its way to it; the baseline stays."""
        child = self.children.get(("branch", message.environment))
        baseline = environment_name(self.ports.settings.baseline)
        if child and child.sent == message.handled and message.environment != baseline:
            self.dismiss(child.key)
            self.settled.discard(message.environment)

    def respawned(self, child: Child) -> None:
        """Tell an actor that was made again what the lost one was told, or told."""
        if isinstance(child.start, StartRepository):
            self._tell_heads(child, [h for h in self.heads.values() if h.repository == child.start.repository])
        elif isinstance(child.start, StartBranch):
            environment = child.start.environment
            self._tell_heads(child, [h for h in self.heads.values() if h.environment == environment])
            self.settled.discard(environment)
            self._tell_notices()
            self._settle()
            self.receiveMsg_AskAgain(AskAgain(environment), self.myAddress)

    def _tell_heads(self, child: Child, heads: list[HeadMoved]) -> None:
        for head in heads:
            self.tell(child, head)

    # Between services of two environments

    def receiveMsg_WireRequest(self, message: WireRequest, _sender: ActorAddress) -> None:
        """Pass a question on to the branch that is borrowed from; it need not exist in git yet."""
        self.tell(self._branch(message.environment, message.branch), message)
        self._settle()

    def receiveMsg_WireReleased(self, message: WireReleased, _sender: ActorAddress) -> None:
        """Pass on that a consumer needs no more answers."""
        self._to_branch(message.environment, message)

    def receiveMsg_AskAgain(self, message: AskAgain, _sender: ActorAddress) -> None:
        """Let every branch's services repeat what they asked of a peer that was lost."""
        for branch, _ in self._branches():
            self.tell(branch, message)

    # From the outside

    def receiveMsg_Observation(self, message: Observation, _sender: ActorAddress) -> None:
        """Give an observation to its branch."""
        self._to_branch(message.environment, message)

    def receiveMsg_RefHint(self, message: RefHint, _sender: ActorAddress) -> None:
        """Give a hint to its repository; one that the settings do not name is dropped, polling does not need it."""
        child = self.children.get(("repository", message.repository))
        if child:
            self.tell(child, message)
        else:
            self.log.info("hint for an unknown repository", repository=message.repository, delivery=message.delivery)

    def receiveMsg_SyncRepositories(self, message: SyncRepositories, _sender: ActorAddress) -> None:
        """Look at every repository now."""
        for repository in self._repositories():
            self.tell(repository, message)

    def receiveMsg_Sync(self, _message: Sync, sender: ActorAddress) -> None:
        """Look at every repository now, and answer when all were looked at."""
        self.receiveMsg_SyncRepositories(SyncRepositories(self.syncs.begin(sender)), sender)

    def receiveMsg_ApproveRemoval(self, message: ApproveRemoval, sender: ActorAddress) -> None:
        """Pass an approval on to its repository."""
        child = self.children.get(("repository", message.repository))
        if child:
            self.tell(child, replace(message, reply_to=sender))
        else:
            names = [r.name for r in self.ports.settings.repositories]
            near = did_you_mean(message.repository, names) or f"; there are {listed(names) or 'none'}"
            self.send(sender, Refused("NotFound", f"no repository {message.repository} in the settings{near}"))

    def receiveMsg_Edit(self, message: Edit, sender: ActorAddress) -> None:
        """Pass an edit on to its service."""
        self._ask_service(message, sender)

    def receiveMsg_Redeploy(self, message: Redeploy, sender: ActorAddress) -> None:
        """Pass a redeploy on to its service."""
        self._ask_service(message, sender)

    def _ask_service(self, message: Edit | Redeploy, sender: ActorAddress) -> None:
        if not self._to_branch(message.environment, replace(message, reply_to=sender)):
            self.send(sender, Refused("NotFound", f"no environment {message.environment} (anabranch envs)"))
