"""Every message that actors send each other: frozen values with names unique in the project.

`HeadMoved`, `Observation`, `RefHint` and `Wired` live in the domain and travel as they are. An `ActorAddress` is the
only thing here that is not plain data; it is Thespian's own value for "whom".
"""

from dataclasses import dataclass

from thespian.actors import ActorAddress

from orchestrator.domain.commit import Member
from orchestrator.domain.override import Changes
from orchestrator.domain.release import Release
from orchestrator.domain.snapshot import ServiceView, Synced
from orchestrator.domain.status import Observation


@dataclass(frozen=True, slots=True)
class StartOrchestrator:
    """To the root, once: create the repositories and the baseline."""


@dataclass(frozen=True, slots=True)
class StartCaretaker:
    """To the caretaker, first of all: tidy up now and from then on."""


@dataclass(frozen=True, slots=True)
class StartRepository:
    """To a repository actor, first of all: which repository of the settings it is."""

    repository: str


@dataclass(frozen=True, slots=True)
class StartBranch:
    """To a branch actor, first of all: the environment that it is, and its branch name as git spells it."""

    environment: str
    branch: str


@dataclass(frozen=True, slots=True)
class StartService:
    """To a service actor, first of all."""

    environment: str
    branch: str
    service: str


@dataclass(frozen=True, slots=True)
class StartDeployment:
    """To a deployment actor, first of all: the release that it makes run.

    A `superseded` one serves while a newer one starts: the runtime must not be asked for it any more.
    """

    release: Release
    superseded: bool = False


@dataclass(frozen=True, slots=True)
class Look:
    """A repository actor to itself: read git once for all the hints that came before."""


@dataclass(frozen=True, slots=True)
class SyncRepositories:
    """Look at every repository now; a `number` above 0 comes back with the look that it led to."""

    number: int = 0


@dataclass(frozen=True, slots=True)
class Sync:
    """From the gateway: look at every repository now, and say what came of it."""


@dataclass(frozen=True, slots=True)
class AllLooked:
    """The answer to Sync, repositories in the order of the settings."""

    repositories: tuple[Synced, ...]


@dataclass(frozen=True, slots=True)
class RepositoryLooked:
    """A repository was read, or could not be, or only in part (`problem`, one line).

    `leaving` names the environments of branches that git lists no more, but whose removal is not confirmed; `notices`
    are lines about branches that are not deployed, or kept although they are gone. `number` is that of the last
    SyncRepositories before the look began.
    """

    repository: str
    problem: str = ""
    leaving: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    number: int = 0


@dataclass(frozen=True, slots=True)
class RepositoryNotices:
    """To the baseline: what is odd about whole repositories now, one line each."""

    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RepositoriesRead:
    """To a branch: every repository was read twice, so what has no head in git by now is gone from it."""


@dataclass(frozen=True, slots=True)
class Define:
    """To a service: what git says it is in this environment; None when it has no branch of its own there."""

    member: Member | None


@dataclass(frozen=True, slots=True)
class WireRequest:
    """From a service to a peer, by way of its branch: tell `reply_to` who you are, now and whenever that changes.

    `consumer` is the asking service's id, `fallback` the environment to borrow from (empty: none), `file` where the
    reference is written, `candidates` the services that exist where the question went through.
    """

    environment: str
    branch: str
    service: str
    consumer: str
    reply_to: ActorAddress
    fallback: str = ""
    file: str = ""
    candidates: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WireReleased:
    """From a service to a peer: `consumer` needs no more answers."""

    environment: str
    service: str
    consumer: str


@dataclass(frozen=True, slots=True)
class AskAgain:
    """To every service: the peer in this environment was lost and knows nobody; empty `service` means all of them."""

    environment: str
    service: str = ""


@dataclass(frozen=True, slots=True)
class ServiceStatus:
    """From a service to its branch: how it is, whether it may be let go, and how much of the mail it has read."""

    view: ServiceView
    idle: bool
    handled: int


@dataclass(frozen=True, slots=True)
class EnvironmentIdle:
    """From a branch to the root: nothing is left here; it counts the mail read, so that none is lost."""

    environment: str
    handled: int


@dataclass(frozen=True, slots=True)
class DeploymentStatus:
    """From a deployment to its service: what became of release `number`."""

    number: int
    observation: Observation


@dataclass(frozen=True, slots=True)
class Recorded:
    """From the store: the rows are on disk; `number` is the release among them, 0 if there was none."""

    number: int


@dataclass(frozen=True, slots=True)
class NotRecorded:
    """From the store: the rows are not on disk, and why."""

    number: int
    reason: str


@dataclass(frozen=True, slots=True)
class Edit:
    """From the gateway to a service: set or unset overrides."""

    environment: str
    service: str
    changes: Changes
    revision: str
    by: str
    reply_to: ActorAddress | None = None


@dataclass(frozen=True, slots=True)
class Redeploy:
    """From the gateway to a service: make the current commit a new release."""

    environment: str
    service: str
    by: str
    reply_to: ActorAddress | None = None


@dataclass(frozen=True, slots=True)
class ApproveRemoval:
    """From the gateway to a repository: let the removals go on that the brake holds back."""

    repository: str
    reply_to: ActorAddress | None = None


@dataclass(frozen=True, slots=True)
class Approved:
    """The answer to ApproveRemoval."""

    branches: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StopChild:
    """From the gateway to a parent: let a child exit and do not make it again before BringBack."""

    child: ActorAddress


@dataclass(frozen=True, slots=True)
class ChildStopped:
    """The answer to StopChild, once the child has ended."""


@dataclass(frozen=True, slots=True)
class BringBack:
    """From the gateway to a parent: make a stopped child again."""

    child: ActorAddress


@dataclass(frozen=True, slots=True)
class BroughtBack:
    """The answer to BringBack: where the child is now."""

    child: ActorAddress


@dataclass(frozen=True, slots=True)
class Refused:
    """The answer to a request that cannot be done; `kind` is NotFound, Conflict, Permanent or Temporary."""

    kind: str
    text: str
