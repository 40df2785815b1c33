"""The groups of settings; a field's description is the comment beside it in the file."""

from enum import StrEnum

from pydantic import Field

from orchestrator.domain.webhook.hosts import HOSTS
from orchestrator.settings.types import (
    Address,
    Copied,
    Count,
    Deadline,
    Domain,
    File,
    FileSize,
    HeaderName,
    HttpUrl,
    JournalSize,
    Label,
    Name,
    NeededFile,
    Network,
    Organisation,
    Pattern,
    PortNumber,
    Prefix,
    Provider,
    Seconds,
    Section,
    SystemBase,
    UserName,
)

_MIB = 2**20


class Branches(Section):
    """Which branches become environments."""

    include: tuple[Pattern, ...] = Field(default=("*",), description="globs over branch names; * also matches /")
    exclude: tuple[Pattern, ...] = Field(default=(), description='branches to leave out, such as ["dependabot/*"]')


class Polling(Section):
    """How often git is asked, in seconds; webhooks only make it sooner."""

    interval: Deadline = Field(default=120.0, description="seconds between two looks at a repository")
    jitter: Seconds = Field(default=60.0, description="at most so many seconds more, by chance")


class Protocol(StrEnum):
    """How git may reach a repository."""

    HTTPS = "https"
    SSH = "ssh"
    HTTP = "http"
    FILE = "file"


class Git(Section):
    """How git is used; its credentials are files, never values in here."""

    protocols: tuple[Protocol, ...] = Field(
        default=(Protocol.HTTPS, Protocol.SSH),
        min_length=1,
        description="https, ssh; also http (unencrypted), file (this disk)",
    )
    hosts: tuple[str, ...] = Field(default=(), description="the only hosts to ask; empty: those of the repositories")
    token_file: File = Field(default=None, description="file with `token` or `user:token` for https")
    ssh_key: File = Field(default=None, description="private key for ssh, readable by this user only")
    known_hosts: File = Field(default=None, description="known_hosts file for ssh; other hosts are refused")
    per_host: Count = Field(default=4, description="git commands that may talk to one host at the same time")
    deadline: Deadline = Field(default=120.0, description="seconds that one git command may take")
    clone_deadline: Deadline = Field(default=1800.0, description="seconds that a first clone may take")
    stall: Deadline = Field(default=60.0, description="seconds without progress after which a transfer is given up")


class Process(Section):
    """The process runtime: services are processes of this user on this machine, isolated from nothing."""

    ports: tuple[PortNumber, PortNumber] = Field(default=(20000, 32000), description="first and last port for services")
    allow_root: bool = Field(default=False, description="run branches as root, with all its rights")
    drain: Seconds = Field(default=10.0, description="seconds that connections to a replaced release may last")
    kill_after: Seconds = Field(default=5.0, description="seconds from SIGTERM to SIGKILL")
    steady: Seconds = Field(default=2.0, description="seconds alive that make a service without port and probe Ready")
    ready_deadline: Deadline = Field(default=60.0, description="seconds a release has to become Ready")
    back_off: Deadline = Field(default=60.0, description="most seconds between two tries to start a service")
    log_bytes: Count = Field(default=5 * _MIB, description="bytes of one log file; a release has two")
    tree_bytes: Count = Field(default=512 * _MIB, description="bytes of a commit's files on disk")
    tree_entries: Count = Field(default=50_000, description="files and directories of a commit on disk")


class PodSecurity(StrEnum):
    """What pods may ask of their node; the cluster refuses more."""

    RESTRICTED = "restricted"
    BASELINE = "baseline"


class Kubernetes(Section):
    """The Kubernetes runtime: an environment is a namespace, isolated from the others."""

    kubeconfig: File = Field(default=None, description="empty: $KUBECONFIG, ~/.kube/config, the account of the pod")
    context: str = Field(default="", description="context of the kubeconfig; empty: its current one")
    namespace: Label = Field(default="anabranch", description="the daemon's own namespace, which must be there")
    prefix: Prefix = Field(default="", description="before an environment's name, to make its namespace's")
    cluster_domain: Domain = Field(default="cluster.local", description="domain of the cluster's own DNS")
    deployer: str = Field(
        default="anabranch-deployer",
        description="ClusterRole given to an account of this name in each environment, as which services are applied; "
        "empty: as the daemon itself",
    )
    copied: tuple[Copied, ...] = Field(
        default=(),
        description="secret/NAME, configmap/NAME of the daemon's namespace that each environment has a copy of",
    )
    pull_secrets: tuple[Label, ...] = Field(default=(), description="names of such Secrets that pull images")
    pod_security: PodSecurity = Field(default=PodSecurity.RESTRICTED, description="restricted, or baseline")
    quota: dict[str, str] = Field(
        default={"pods": "50", "services.loadbalancers": "0", "services.nodeports": "0"},
        description="ResourceQuota of an environment",
    )
    limits: dict[str, str] = Field(
        default={"cpu": "1", "memory": "512Mi"}, description="what a container may use that names no limits"
    )
    requests: dict[str, str] = Field(
        default={"cpu": "50m", "memory": "64Mi"}, description="what a container gets that names no requests"
    )
    reaches: tuple[Network, ...] = Field(default=(), description="networks outside that services may reach")
    reached_from: tuple[Label, ...] = Field(default=(), description="namespaces, as of an ingress, that reach services")
    domain: Domain = Field(default="", description="Ingress at SERVICE.ENVIRONMENT.DOMAIN; empty: none")
    ingress_class: str = Field(default="", description="class of the Ingress; empty: the cluster's default")
    ready_deadline: Deadline = Field(default=600.0, description="seconds a release has to become Ready")
    drain: Seconds = Field(default=5.0, description="seconds that a replaced pod still takes requests")
    probe_interval: Deadline = Field(default=2.0, description="seconds between two readiness probes")
    lease: Deadline = Field(default=15.0, description="seconds after which a daemon that is silent has lost its lease")


class Limits(Section):
    """How much one repository may ask for; what is above is refused with one line."""

    branches_per_repository: Count = Field(default=200, description="environments of one repository")
    services_per_branch: Count = Field(default=50, description="services of one environment")
    releases_per_service: Count = Field(default=100, description="releases kept for `history`")
    score_bytes: FileSize = Field(default=64 * 2**10, description="bytes of one Score file, 65536 at most")
    branch_bytes: Count = Field(default=4 * _MIB, description="bytes of all Score files of one branch")
    pack_bytes: Count = Field(default=2048 * _MIB, description="bytes that git may write into one file")
    listing_bytes: Count = Field(default=16 * _MIB, description="bytes of git's list of branches")


class Retention(Section):
    """How long things are remembered, in days."""

    overrides: Count = Field(default=30, description="days that edits outlive their environment")
    events: Count = Field(default=30, description="days that events are kept")


class Api(Section):
    """The daemon's door for the command line: a unix socket that only this user and group may open."""

    socket: File = Field(
        default=None,
        description="empty: $ANABRANCH_SOCKET, $XDG_RUNTIME_DIR/anabranch/api.sock, /run/anabranch/api.sock",
    )


class Hints(Section):
    """A door for a forwarder on another machine: takes hints, nothing else."""

    address: Address = Field(default="", description="HOST:PORT to listen on; empty: off")
    token_file: File = Field(default=None, description="file with the bearer token that a forwarder must send")


class Observe(Section):
    """A door for probes and Prometheus: /healthz, /readyz and /metrics."""

    address: Address = Field(default="", description="HOST:PORT to listen on; empty: off")


class ForwardedHook(Section):
    """One webhook, at /hooks/NAME."""

    name: Name = Field(description="the last part of its URL")
    provider: Provider = Field(description=", ".join(sorted(HOSTS)))
    secret_files: tuple[NeededFile, ...] = Field(
        min_length=1, max_length=2, description="files with its secret, 32 bytes or more; two in a rotation"
    )
    repositories: dict[str, Name] = Field(
        default={}, description="the git host's name of each repository, and its name here"
    )
    organisation: Organisation = Field(
        default="",
        description="whose hook it is, such as acme: its repositories that are here count, all others are ignored; * "
        "for any",
    )
    tags: bool = Field(default=False, description="also look when a tag moved")
    header: HeaderName = Field(default="", description="azure-devops: the header that holds the secret")
    username: UserName = Field(
        default="", description="azure-devops, bitbucket-server: basic authentication, the secret is its password"
    )


class Actors(Section):
    """What the daemon's actors run on."""

    base: SystemBase = Field(default="engine", description="engine; Thespian's own bases are refused, with the reason")


class DaemonDoor(Section):
    """Where the forwarder finds the daemon."""

    socket: File = Field(default=None, description="the daemon's socket; empty: that of api.socket")
    url: str = Field(default="", description="instead of a socket: the URL of the daemon's hints address")
    token_file: File = Field(default=None, description="file with the bearer token for the URL")


class Forwarder(Section):
    """The webhook receiver."""

    address: Address = Field(default="127.0.0.1:8080", description="HOST:PORT to listen on")
    url: HttpUrl = Field(default="", description="its URL as git hosts know it, such as https://hooks.example")
    socket: File = Field(
        default=None, description="for `anabranch deliveries`; empty: forwarder.sock beside api.socket"
    )
    journal_bytes: JournalSize = Field(
        default=1024 * _MIB, description="most bytes of its journal; what is done with is forgotten first"
    )
    hooks: tuple[ForwardedHook, ...] = Field(default=(), description="the webhooks that are taken")
    daemon: DaemonDoor = Field(default=DaemonDoor(), description="where the daemon is")


class Level(StrEnum):
    """How much is logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class Format(StrEnum):
    """How it is written."""

    AUTO = "auto"
    JSON = "json"
    TEXT = "text"


class Log(Section):
    """The log, on standard error."""

    level: Level = Field(default=Level.INFO, description="debug, info, warning or error")
    format: Format = Field(default=Format.AUTO, description="json, text, or auto: text on a terminal, else json")
