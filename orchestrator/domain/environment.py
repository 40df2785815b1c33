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
    notices: tuple[str, ...] = (),
) -> EnvironmentView:
    """Sum an environment up: the worst word of its own services, and the note of the one that is worst.

    `notices` are about whole repositories. What only other environments look for here is not shown.
    """
    present = [s for s in services if s.present]
    shown = [s for s in services if s.present or any(c.startswith(f"{environment}:") for c in s.needed_by)]
    status = worst([s.status for s in present] + ([Health.DEGRADED] if membership.problems else []))
    notices = (*_notes(heads), *notices)
    lines = (*membership.problems, *notices, *_pulls(heads))
    return EnvironmentView(
        environment=environment,
        branch=branch,
        baseline=baseline,
        status=status,
        note=_note(status, present, lines, baseline=baseline),
        changed=max([changed, *(s.changed for s in services)]),
        services=tuple(sorted(shown, key=lambda s: (not s.present, s.service))),
        looked_at=tuple(_looked(h) for h in heads.values()),
        problems=membership.problems,
        notices=notices,
    )


def _notes(heads: Mapping[str, HeadMoved]) -> tuple[str, ...]:
    return tuple(f"{head.repository}: {head.note}" for head in heads.values() if head.note)


def _pulls(heads: Mapping[str, HeadMoved]) -> tuple[str, ...]:
    return tuple(f"{head.repository}: {head.pull}" for head in heads.values() if head.pull)


def _note(status: Health, present: Sequence[ServiceView], lines: Sequence[str], *, baseline: bool) -> str:
    for service in present:
        if service.status is status and service.note and status is not Health.READY:
            return f"{service.service}: {service.note}"
    return lines[0] if lines else "baseline" if baseline else ""


def _looked(head: HeadMoved) -> LookedAt:
    if head.note:
        note = head.note
    elif head.errors:
        note = head.errors[0]
    elif head.services:
        note = ", ".join(w.name for w in head.services)
    else:
        note = "no Score file there"
    return LookedAt(head.repository, head.commit or "", f"{note}; {head.pull}" if head.pull else note)
