"""One environment as readers see it.

In: who is a member, what git said, and the views of its services. Out: the `EnvironmentView` for the board.
"""

from collections.abc import Mapping, Sequence

from orchestrator.domain.commit import HeadMoved, Membership
from orchestrator.domain.snapshot import EnvironmentView, LookedAt, ServiceView
from orchestrator.domain.status import Health, worst


def view(
    environment: str,
    branch: str,
    *,
    baseline: bool,
    heads: Mapping[str, HeadMoved],
    membership: Membership,
    services: Sequence[ServiceView],
    changed: float,
) -> EnvironmentView:
    """Sum an environment up: the worst word of its own services, and the note of the one that is worst."""
    present = [s for s in services if s.present]
    status = worst([s.status for s in present] + ([Health.DEGRADED] if membership.problems else []))
    return EnvironmentView(
        environment=environment,
        branch=branch,
        baseline=baseline,
        status=status,
        note=_note(status, present, membership, heads, baseline=baseline),
        changed=max([changed, *(s.changed for s in services)]),
        services=tuple(sorted(services, key=lambda s: (not s.present, s.service))),
        looked_at=tuple(_looked(h) for h in heads.values()),
        problems=membership.problems,
    )


def _note(
    status: Health,
    present: Sequence[ServiceView],
    membership: Membership,
    heads: Mapping[str, HeadMoved],
    *,
    baseline: bool,
) -> str:
    for service in present:
        if service.status is status and service.note and status is not Health.READY:
            return f"{service.service}: {service.note}"
    if membership.problems:
        return membership.problems[0]
    for head in heads.values():
        if head.note:
            return f"{head.repository}: {head.note}"
    for head in heads.values():
        if head.pull:
            return f"{head.repository}: {head.pull}"
    return "baseline" if baseline else ""


def _looked(head: HeadMoved) -> LookedAt:
    if head.note:
        note = head.note
    elif head.errors:
        note = head.errors[0]
    elif head.services:
        note = ", ".join(w.name for w in head.services)
    else:
        note = "no Score file there"
    return LookedAt(head.repository, head.commit or "", note)
