"""What moved in git, and what it means for an environment.

In: what a repository actor read at a branch's head. Out: who is a member of the environment and who is refused, the
same whatever the order of arrival. A Score file that cannot be read keeps the member that it defined before, a head of
which nothing can be read keeps all of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from orchestrator.domain.naming import environment_name
from orchestrator.domain.text import printable
from orchestrator.domain.workload import Workload
from orchestrator.errors import Permanent


@dataclass(frozen=True, slots=True)
class HeadMoved:
    """`branch` of `repository` points to `commit` now (None: it is gone); `errors` are one-line texts.

    `files` are the Score files that were found, good or bad; `delivery` names the webhook or poll that led here;
    `note` says that the branch is about to leave, `pull` is a line about its pull request, if one was told of.
    """

    repository: str
    branch: str
    environment: str
    commit: str | None
    subject: str = ""
    services: tuple[Workload, ...] = ()
    errors: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    delivery: str = ""
    note: str = ""
    pull: str = ""


@dataclass(frozen=True, slots=True)
class Member:
    """One service of an environment and the head that it comes from."""

    service: str
    repository: str
    branch: str
    commit: str
    subject: str
    delivery: str
    workload: Workload

    @property
    def where(self) -> str:
        """The head of each line about this service: `web@bugfix`."""
        return f"{self.repository}@{printable(self.branch, 64)}"


@dataclass(frozen=True, slots=True)
class Membership:
    """Who is in one environment: members by name, and a line for each that is refused or unreadable."""

    members: tuple[Member, ...] = ()
    problems: tuple[str, ...] = ()


def environment_of(branch: str, default_branch: str, baseline: str) -> str:
    """Name the environment that a branch belongs to; each repository's default branch is in the baseline.

    Raises Permanent for a reserved name, and for a branch that has the baseline's name without being the default.
    """
    if branch == default_branch:
        return environment_name(baseline)
    environment = environment_name(branch)
    if environment == environment_name(baseline):
        raise Permanent(
            f"branch {environment} is not deployed: "
            f"that environment takes the default branch, {printable(default_branch, 64)}"
        )
    return environment


def members(
    heads: Mapping[str, HeadMoved],
    before: Membership,
    order: Sequence[str],
    most: int,
    unread: Sequence[Member] = (),
) -> Membership:
    """Merge the heads of one environment, repositories in the order of the settings; at most `most` services.

    `unread` are members that an earlier daemon released, of repositories that were not read since: they keep their
    places, so that an unreachable git host takes nothing away.
    """
    found: dict[str, Member] = {}
    problems: list[str] = []
    for repository in order:
        head = heads.get(repository)
        problems += head.errors if head else ()
        theirs = tuple(m for m in unread if m.repository == repository)
        for member in (*_defined(head), *_kept(head, before)) if head and head.commit else theirs:
            refusal = _refusal(member, found, most)
            problems += (refusal,) if refusal else ()
            if not refusal:
                found[member.service] = member
    return Membership(tuple(found[name] for name in sorted(found)), tuple(problems))


def _defined(head: HeadMoved) -> tuple[Member, ...]:
    return tuple(
        Member(w.name, head.repository, head.branch, head.commit or "", head.subject, head.delivery, w)
        for w in head.services
    )


def _kept(head: HeadMoved, before: Membership) -> tuple[Member, ...]:
    unreadable = set(head.files) - {w.file for w in head.services}
    names = {w.name for w in head.services}
    nothing_read = bool(head.errors) and not head.files
    return tuple(
        m
        for m in before.members
        if m.repository == head.repository
        and (nothing_read or m.workload.file in unreadable)
        and m.service not in names
    )


def _refusal(member: Member, found: Mapping[str, Member], most: int) -> str:
    owner = found.get(member.service)
    where = f"{member.where} {member.workload.file}"
    if owner:
        whose = f"repository {owner.repository} ({owner.workload.file})"
        return f'{where}: service "{member.service}" belongs to {whose}; rename one of them'
    if len(found) >= most:
        return f"{where}: refused, an environment holds at most {most} services (limits.services_per_branch)"
    return ""
