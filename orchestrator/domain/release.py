"""A release: service + commit + resolved variables, immutable and numbered (12-factor V).

In: a member and its resolved variables. Out: a `Release` with a digest; two releases with one digest run the same.
Written as JSON by the store and read by runtimes through `to_json` and `from_json`.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from pydantic import TypeAdapter

from orchestrator.domain.commit import Member
from orchestrator.domain.secrecy import is_secret
from orchestrator.domain.text import printable
from orchestrator.domain.workload import Workload


class Cause(StrEnum):
    """Why a release was made."""

    PUSH = "push"
    EDIT = "edit"
    REWIRE = "rewire"
    REDEPLOY = "redeploy"


@dataclass(frozen=True, slots=True)
class ResolvedFile:
    """A file of a container, placeholders filled in; `content` is None where `source` names a file of the tree."""

    target: str
    content: str | None = None
    binary_content: str | None = None
    source: str | None = None
    mode: str = ""


@dataclass(frozen=True, slots=True)
class ResolvedContainer:
    """What one container gets: its variables as (name, value) pairs sorted by name, and its files."""

    name: str
    variables: tuple[tuple[str, str], ...] = ()
    files: tuple[ResolvedFile, ...] = ()


@dataclass(frozen=True, slots=True)
class Release:
    """One immutable release of `service` in `environment`; `created` is seconds since the epoch, UTC.

    `change` says in words what differs from the release before it.
    """

    environment: str
    branch: str
    service: str
    number: int
    repository: str
    commit: str
    subject: str
    cause: Cause
    change: str
    delivery: str
    created: float
    workload: Workload
    resolved: tuple[ResolvedContainer, ...]
    digest: str

    @property
    def name(self) -> str:
        """The id that can be typed back: `bugfix:web@v3`."""
        return f"{self.environment}:{self.service}@v{self.number}"


_RELEASE = TypeAdapter(Release)
_WORKLOAD = TypeAdapter(Workload)
_RESOLVED = TypeAdapter(tuple[ResolvedContainer, ...])


def digest(commit: str, workload: Workload, resolved: tuple[ResolvedContainer, ...]) -> str:
    """Hash what a release runs: commit, containers and resolved variables; identity variables are not part of it."""
    parts = (commit, _WORKLOAD.dump_json(workload), _RESOLVED.dump_json(resolved))
    return hashlib.sha256(b"\0".join(p if isinstance(p, bytes) else p.encode() for p in parts)).hexdigest()


def to_json(release: Release) -> str:
    """Write a release as JSON text."""
    return _RELEASE.dump_json(release).decode()


def from_json(text: str | bytes) -> Release:
    """Read a release back; raises pydantic's ValidationError when the text is not one."""
    return _RELEASE.validate_json(text)


def member_of(release: Release) -> Member:
    """Give the member that a release was made for, as far as a release remembers it."""
    r = release
    return Member(r.service, r.repository, r.branch, r.commit, r.subject, r.delivery, r.workload)


def next_release(
    member: Member,
    resolved: tuple[ResolvedContainer, ...],
    current: Release | None,
    *,
    environment: str,
    last_number: int,
    hint: Cause | None,
    now: float,
) -> Release | None:
    """Make the next release, or None when `current` runs the same already; a `hint` of REDEPLOY makes one anyway."""
    new_digest = digest(member.commit, member.workload, resolved)
    if current and current.digest == new_digest and hint is not Cause.REDEPLOY:
        return None
    cause, change = _why(member, resolved, current, hint) if current else (hint or Cause.PUSH, _beginning(last_number))
    return Release(
        environment=environment,
        branch=printable(member.branch, 256),
        service=member.service,
        number=last_number + 1,
        repository=member.repository,
        commit=member.commit,
        subject=member.subject,
        cause=cause,
        change=change,
        delivery=member.delivery,
        created=now,
        workload=member.workload,
        resolved=resolved,
        digest=new_digest,
    )


def _beginning(last_number: int) -> str:
    return "back after its removal" if last_number else "first release"


def _why(
    member: Member, resolved: tuple[ResolvedContainer, ...], current: Release, hint: Cause | None
) -> tuple[Cause, str]:
    if current.commit != member.commit:
        return Cause.PUSH, f"commit {current.commit[:7]} -> {member.commit[:7]}"
    if hint is Cause.REDEPLOY:
        return Cause.REDEPLOY, "the same again"
    return hint or Cause.REWIRE, _differences(_values(current.resolved), _values(resolved))


def _values(resolved: tuple[ResolvedContainer, ...]) -> dict[str, str]:
    return {name: value for container in resolved for name, value in container.variables}


def _differences(before: Mapping[str, str], after: Mapping[str, str]) -> str:
    names = sorted(n for n in {*before, *after} if before.get(n) != after.get(n))
    return ", ".join(_difference(n, before.get(n), after.get(n)) for n in names) or "files"


def _difference(name: str, before: str | None, after: str | None) -> str:
    if is_secret(name, before or "") or is_secret(name, after or ""):
        return f"{name} changed"
    return f"{name} {_shown(before)} -> {_shown(after)}"


def _shown(value: str | None) -> str:
    return "unset" if value is None else printable(value, 40) or '""'
