"""Where one service of one environment stands, put into words for its peers and for readers.

In: everything that its actor knows. Out: `answer`, what peers are told, and `view`, what `ps` shows.
The rule of both: what the branch lacks comes from the fallback, until the branch's own release was Ready once.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from orchestrator.domain.commit import Member
from orchestrator.domain.override import Override
from orchestrator.domain.release import Release
from orchestrator.domain.snapshot import ReleaseView, ServiceView
from orchestrator.domain.status import Health, Observation
from orchestrator.domain.wire import NONE, Wired, WiredPort
from orchestrator.domain.wiring import Resolution


@dataclass(frozen=True, slots=True)
class Rollout:
    """One release that was made to run, what was last seen of it, and since when."""

    release: Release
    observation: Observation
    since: float


@dataclass(frozen=True, slots=True)
class Standing:
    """All that is known of a service now.

    `ports` carry this environment's stable addresses; `borrowed` is the fallback's answer; `serving` the rollout that
    was Ready last, `newest` the latest one, perhaps the same; `served` says that a release was Ready under an earlier
    daemon; `since` is when the address last changed where it leads; `refusal` is one line when the runtime cannot run
    it; `conflict` one line when consumers disagree on the fallback.
    """

    environment: str
    branch: str
    service: str
    baseline: str
    member: Member | None = None
    ports: tuple[WiredPort, ...] = ()
    borrowed: Wired | None = None
    serving: Rollout | None = None
    served: bool = False
    newest: Rollout | None = None
    since: float = 0.0
    resolution: Resolution = field(default_factory=Resolution)
    overrides: tuple[Override, ...] = ()
    candidates: tuple[str, ...] = ()
    refusal: str = ""
    conflict: str = ""
    consumers: tuple[str, ...] = ()


def serves_itself(standing: Standing) -> bool:
    """Tell whether the address leads to the branch's own release rather than to the fallback's."""
    return standing.member is not None and (standing.serving is not None or fallback(standing) is None)


def fallback(standing: Standing) -> str | None:
    """Name the environment that the address leads to, None for nowhere, until a release of its own was Ready."""
    borrowed, was_ready = standing.borrowed, standing.member is not None and standing.served
    return borrowed.environment if borrowed and borrowed.defined and not was_ready else None


def port_numbers(standing: Standing) -> tuple[tuple[str, int], ...]:
    """Name the ports that peers may use, (name, number): those of the branch's file, else those of the fallback."""
    if standing.member:
        return tuple((p.name, p.port) for p in standing.member.workload.ports)
    return tuple((p.name, p.number) for p in standing.borrowed.ports) if standing.borrowed else ()


def answer(standing: Standing) -> Wired:
    """Tell a peer who this service is; it is defined as soon as git or the fallback defines it, Ready or not."""
    own, borrowed, member = serves_itself(standing), standing.borrowed, standing.member
    defined = member is not None or (borrowed is not None and borrowed.defined)
    source = standing.environment if own else (borrowed.served_from if borrowed and defined else "")
    rollout = standing.serving
    commit = rollout.release.commit if rollout else (member.commit if member else "")
    return Wired(
        environment=standing.environment,
        service=standing.service,
        defined=defined,
        ports=_ports(standing, own=own) if defined else (),
        origin=_origin(standing, own=own, defined=defined),
        served_from=source,
        branch=(member.branch if own and member else borrowed.branch if borrowed else ""),
        commit=commit if own else (borrowed.commit if borrowed else ""),
        since=standing.since,
        note=_pending(standing),
        problem=standing.conflict,
        candidates=_candidates(standing),
    )


def _ports(standing: Standing, *, own: bool) -> tuple[WiredPort, ...]:
    """Name the ports; what is borrowed is reached by this environment's address, but in public by its owner's."""
    borrowed = standing.borrowed
    if own or borrowed is None:
        return standing.ports
    public = {port.number: port.public for port in borrowed.ports}
    return tuple(replace(port, public=public.get(port.number, "")) for port in standing.ports)


def _candidates(standing: Standing) -> tuple[str, ...]:
    there = standing.borrowed.candidates if standing.borrowed else ()
    return tuple(sorted({*standing.candidates, *there}))


def _origin(standing: Standing, *, own: bool, defined: bool) -> str:
    if not defined:
        return NONE
    borrowed = standing.borrowed
    return "baseline" if not own and borrowed and borrowed.environment == standing.baseline else "branch"


def _pending(standing: Standing) -> str:
    name = f"{standing.environment}:{standing.service}"
    if standing.member is None:
        return f"{standing.environment} has no {standing.service}"
    if standing.serving:
        return ""
    if standing.newest is None:
        lacking = standing.refusal or _first(standing.resolution.missing)
        return f"{name} is not ready: {lacking or 'its first release is being made'}"
    seen = standing.newest.observation
    return f"{name} v{standing.newest.release.number} is not ready: {seen.reason or seen.health.value}"


def _first(lines: Sequence[str]) -> str:
    return lines[0] if lines else ""


def view(standing: Standing, changed: float) -> ServiceView:
    """Show a service to readers."""
    member, borrowed = standing.member, standing.borrowed
    status, note = status_of(standing)
    serving, newest = standing.serving, standing.newest
    return ServiceView(
        environment=standing.environment,
        service=standing.service,
        repository=member.repository if member else "",
        branch=member.branch if member else (borrowed.branch if borrowed else ""),
        present=member is not None,
        status=status,
        note=note,
        changed=changed,
        borrowed_from=borrowed.served_from if borrowed and not serves_itself(standing) else "",
        serving=_shown(serving, "Serving") if serving else None,
        pending=_shown(newest, _word(newest)) if newest and newest != serving else None,
        addresses=tuple((p.name, f"http://{p.host}:{p.port}") for p in standing.ports),
        wires=standing.resolution.wires,
        variables=standing.resolution.shown,
        revision=standing.resolution.revision,
        needed_by=standing.consumers,
    )


def differs(before: ServiceView, after: ServiceView) -> bool:
    """Tell whether a reader would say that something changed: the word, the note, or what serves and starts."""

    def essence(view: ServiceView) -> tuple[object, ...]:
        releases = tuple((r.number, r.status) if r else None for r in (view.serving, view.pending))
        return (view.status, view.note, view.present, view.borrowed_from, releases)

    return essence(before) != essence(after)


def status_of(standing: Standing) -> tuple[Health, str]:
    """Say how the service is, in one word and one line."""
    serving, newest = standing.serving, standing.newest
    if standing.member is None:
        return _status_borrowed(standing)
    if standing.refusal:
        return Health.DEGRADED, f"{standing.member.where} {standing.refusal}"
    if standing.resolution.missing:
        return Health.WAITING, standing.resolution.missing[0]
    if newest is None:
        return Health.PROGRESSING, "its first release is being made"
    if serving and newest is not serving:
        return _status_rolling(serving, newest)
    seen = newest.observation
    return seen.health, seen.reason or (_edited(standing.overrides) if seen.health is Health.READY else "")


def _status_borrowed(standing: Standing) -> tuple[Health, str]:
    borrowed = standing.borrowed
    if borrowed is None or not borrowed.defined:
        return Health.WAITING, f"no service {standing.service} here or in its fallback"
    return Health.READY, f"from {borrowed.served_from}"


def _status_rolling(serving: Rollout, newest: Rollout) -> tuple[Health, str]:
    seen, name = newest.observation, f"v{newest.release.number} ({newest.release.commit[:7]})"
    keeps = f"v{serving.release.number} serves"
    if seen.health is Health.DEGRADED:
        return Health.DEGRADED, f"{name} failed: {seen.reason}; {keeps}"
    return Health.PROGRESSING, f"{name} {seen.reason or 'is starting'}; {keeps}"


def _edited(overrides: Sequence[Override]) -> str:
    return f"edited: {', '.join(o.variable for o in overrides)}" if overrides else ""


def _word(rollout: Rollout) -> str:
    return "Failed" if rollout.observation.health is Health.DEGRADED else "Starting"


def _shown(rollout: Rollout, status: str) -> ReleaseView:
    release, seen = rollout.release, rollout.observation
    return ReleaseView(
        number=release.number,
        commit=release.commit,
        subject=release.subject,
        cause=release.cause.value,
        delivery=release.delivery,
        created=release.created,
        status=status,
        since=rollout.since,
        reason=seen.reason,
        tries=seen.tries,
        log_tail=seen.log_tail,
        address=seen.address,
    )
