"""Everything that can be set, with its default and the words that stand beside it in the file."""

from enum import StrEnum
from pathlib import Path

from pydantic import Field

from orchestrator.settings.sections import (
    Actors,
    Api,
    Branches,
    Forwarder,
    Git,
    Hints,
    Kubernetes,
    Limits,
    Log,
    Observe,
    Polling,
    Process,
    Retention,
)
from orchestrator.settings.types import Baseline, File, Name, ScoreGlob, Seconds, Section

SYSTEM_STATE = Path("/var/lib/anabranch")
SYSTEM_SOCKET = Path("/run/anabranch/api.sock")


class RuntimeName(StrEnum):
    """Where services run."""

    PROCESS = "process"
    MEMORY = "memory"
    KUBERNETES = "kubernetes"


class Repository(Section):
    """One git repository that is followed."""

    name: Name = Field(description="a short name of your choice: lower-case letters, digits, - and _")
    url: str = Field(description="https://host/path, ssh://user@host/path or user@host:path")
    default_branch: str = Field(
        default="", description="the branch that is in the baseline; empty: the one that git names"
    )
    score: tuple[ScoreGlob, ...] = Field(default=("score.yaml",), min_length=1, description="globs of its Score files")
    image: str = Field(default="", description="image of a container that says `.`, such as example/web:{commit}")


class Settings(Section):
    """One value for everything; made by `load`, which has checked that its parts fit together."""

    repositories: tuple[Repository, ...] = Field(default=(), description="the git repositories to follow")
    baseline: Baseline = Field(
        default="main", description="the environment of all default branches; it lends to the others what they lack"
    )
    branches: Branches = Field(default=Branches(), description="which branches become environments")
    runtime: RuntimeName = Field(
        default=RuntimeName.PROCESS, description="process (this machine), kubernetes, or memory (a dry run)"
    )
    state: File = Field(
        default=None,
        description="directory of all that is kept; empty: $STATE_DIRECTORY, $XDG_STATE_HOME/anabranch, "
        "for root /var/lib/anabranch, ~/.local/state/anabranch",
    )
    polling: Polling = Field(default=Polling(), description="how often git is asked; webhooks only make it sooner")
    removal_grace: Seconds = Field(
        default=60.0, description="seconds between the two looks that must both miss a branch"
    )
    git: Git = Field(default=Git(), description="how git is used; credentials are files, never values in here")
    process: Process = Field(
        default=Process(), description="the process runtime: branches run as this user, without isolation"
    )
    kubernetes: Kubernetes = Field(
        default=Kubernetes(), description="the Kubernetes runtime: an environment is a namespace"
    )
    limits: Limits = Field(
        default=Limits(), description="what one repository may ask for; more is refused with one line"
    )
    retention: Retention = Field(default=Retention(), description="how long things are remembered")
    api: Api = Field(default=Api(), description="the daemon's door for the command line")
    hints: Hints = Field(default=Hints(), description="a door for a forwarder elsewhere; it takes hints, nothing else")
    observe: Observe = Field(default=Observe(), description="a door for probes: /healthz and /readyz")
    forwarder: Forwarder = Field(default=Forwarder(), description="the receiver of webhooks")
    actors: Actors = Field(default=Actors(), description="the actor system")
    log: Log = Field(default=Log(), description="the log, on standard error")

    @property
    def state_directory(self) -> Path:
        """Where the daemon keeps everything."""
        return self.state or SYSTEM_STATE

    @property
    def socket(self) -> Path:
        """Where the API listens."""
        return self.api.socket or SYSTEM_SOCKET

    @property
    def forwarder_socket(self) -> Path:
        """Where the forwarder answers people."""
        return self.forwarder.socket or self.socket.with_name("forwarder.sock")
