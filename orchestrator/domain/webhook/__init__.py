"""What git hosts tell, in one shape: headers + raw body + secrets in, normalised changes out; no I/O.

One file per git host (`github.py`, `gitlab.py`, …), joined in `hosts.py`. A host's file may lean on the types below and
on the files about one piece of a payload (`signature.py`, `object_id.py`, `ref_name.py`, …), on no other host's.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from orchestrator.domain.webhook.paths import NOT_LISTED, Paths
from orchestrator.domain.webhook.pull import Pull
from orchestrator.domain.webhook.signature import Refused, check_strength

Headers = Mapping[str, tuple[str, ...]]
"""Lower-case header name → every value it came with, in order."""


@dataclass(frozen=True, slots=True)
class Hook:
    """One configured webhook: who sends it, with which secrets, about which repositories.

    `repositories` maps the git host's full name to the configured name; of the other repositories of `organisation`
    nothing is wanted, `*` stands for all that the git host has. Two secrets are valid at once during rotation. With
    `tags`, a tag that moved makes its repository be looked at. A host that signs nothing sends the secret in
    `header`, or as the password of `username`. Raises `Permanent` for secrets that are missing or below 32 bytes.
    """

    name: str
    provider: str
    secrets: tuple[bytes, ...] = field(repr=False)
    repositories: Mapping[str, str]
    tags: bool = False
    header: str = ""
    username: str = ""
    organisation: str = ""

    def __post_init__(self) -> None:
        check_strength(self.name, self.secrets)


@dataclass(frozen=True, slots=True)
class Change:
    """`ref` of `repository` (the git host's full name) moved; `before` and `after` are empty when there is none.

    `forced` is False also where the host does not say; `paths` are what the commits of the push touched.
    """

    repository: str
    ref: str
    before: str = ""
    after: str = ""
    created: bool = False
    deleted: bool = False
    forced: bool = False
    pusher: str = ""
    paths: Paths = NOT_LISTED


@dataclass(frozen=True, slots=True)
class Resync:
    """Something changed in `repository`; the sender does not say what."""

    repository: str


@dataclass(frozen=True, slots=True)
class Ignored:
    """Nothing to do, for this `reason`."""

    reason: str


NO_LOOK = "not an event about branches"
FORK = "a pull request from another repository"
"""Reasons to ignore what no git host's file needs words of its own for."""

Outcome = tuple[Change | Pull, ...] | Resync | Ignored


def header(headers: Headers, name: str) -> str:
    """Return the header's only value, empty when it is missing; raises `Refused` when it came more than once."""
    values = headers.get(name, ())
    if len(values) > 1:
        raise Refused(f"the header {name} came {len(values)} times")
    return values[0] if values else ""
