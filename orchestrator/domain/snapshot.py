"""What readers see: immutable pictures of environments, as the board holds them and the API sends them.

In: the states that Branch and Service actors publish. Out: these records, as JSON through the API, to the command line.
All times are seconds since the epoch, UTC; 0 means never.
"""

from dataclasses import dataclass

from orchestrator.domain.status import Health


@dataclass(frozen=True, slots=True)
class ReleaseView:
    """One release as `describe` shows it; `status` is Serving, Starting, Failed or Superseded."""

    number: int
    commit: str
    subject: str
    cause: str
    delivery: str
    created: float
    status: str = ""
    since: float = 0.0
    reason: str = ""
    tries: int = 0
    log_tail: tuple[str, ...] = ()
    address: str = ""


@dataclass(frozen=True, slots=True)
class WireView:
    """One reference: `variable` of `service` leads to `target_environment:target_service`.

    `origin` is branch, baseline, pinned, external or none; `note` says why, and both sides of a pending change.
    """

    service: str
    resource: str
    variable: str
    target_environment: str
    target_service: str
    origin: str
    since: float
    note: str = ""


@dataclass(frozen=True, slots=True)
class VariableView:
    """One variable of a service: what is written, what it became, and where it comes from.

    `source` is `score.yaml:15` or `edited`; `original` is the file's text where an edit replaced it (else None);
    `wired_to` names the peers of its placeholders, `bugfix:app`. Readers get `***` in place of a secret text.
    """

    name: str
    text: str
    value: str
    source: str
    original: str | None = None
    original_source: str = ""
    edited_at: float = 0.0
    wired_to: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ServiceView:
    """One service of one environment.

    `present` is False for a service borrowed from `borrowed_from`. `serving` is the release that answers, `pending` the
    newer one that is starting or failed. `addresses` are (port name, `http://host:port`) pairs. `revision` changes
    whenever the texts of the variables do: an edit names the revision that it was made on.
    """

    environment: str
    service: str
    repository: str
    branch: str
    present: bool
    status: Health
    note: str
    changed: float
    borrowed_from: str = ""
    serving: ReleaseView | None = None
    pending: ReleaseView | None = None
    addresses: tuple[tuple[str, str], ...] = ()
    wires: tuple[WireView, ...] = ()
    variables: tuple[VariableView, ...] = ()
    revision: str = ""
    needed_by: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The id that can be typed back: `bugfix:web`."""
        return f"{self.environment}:{self.service}"


@dataclass(frozen=True, slots=True)
class LookedAt:
    """A repository that was looked at for an environment: its commit there, and what was found or missing."""

    repository: str
    commit: str
    note: str


@dataclass(frozen=True, slots=True)
class EnvironmentView:
    """One environment: its services (borrowed ones included), the worst of their words, and what git said."""

    environment: str
    branch: str
    baseline: bool
    status: Health
    note: str
    changed: float
    services: tuple[ServiceView, ...] = ()
    looked_at: tuple[LookedAt, ...] = ()
    problems: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()

    @property
    def exists(self) -> bool:
        """Whether it is an environment at all: a branch without a Score file makes none, though it was looked at."""
        return self.baseline or bool(self.services or self.problems)


@dataclass(frozen=True, slots=True)
class EventView:
    """Something that happened: `kind` is a PascalCase word, `by` says who or what caused it, `trace` in which trace."""

    sequence: int
    at: float
    environment: str
    service: str
    kind: str
    text: str
    by: str = ""
    trace: str = ""


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One row of `history`: `status` is Serving, Starting, Failed or Superseded."""

    environment: str
    service: str
    number: int
    commit: str
    subject: str
    cause: str
    delivery: str
    created: float
    status: str
    change: str


@dataclass(frozen=True, slots=True)
class ActorView:
    """One actor as the machine room sees it; times are seconds, `since` how long the state has lasted.

    `busy` is the time spent in handlers, `wakes_in` when its next timer is due (None: never). `last_failure` is
    `failed_for` seconds old and happened at `frames` of the code. `held` says who paused or stopped it, and why.
    """

    address: str
    name: str
    kind: str
    state: str
    detail: str
    parent: str
    waiting: int
    handled: int
    restarts: int
    since: float
    age: float
    last_message: str = ""
    last_failure: str = ""
    last_messages: tuple[str, ...] = ()
    failed_for: float = 0.0
    frames: tuple[str, ...] = ()
    busy: float = 0.0
    wakes_in: float | None = None
    held: str = ""
    environment: str = ""
    service: str = ""


@dataclass(frozen=True, slots=True)
class Synced:
    """A repository that was looked at on demand; `problem` is one line, empty when it was read."""

    repository: str
    problem: str


@dataclass(frozen=True, slots=True)
class Edited:
    """The answer to an edit or redeploy: the release that it led to (0: none yet), and what happened in one line."""

    environment: str
    service: str
    release: int
    text: str
