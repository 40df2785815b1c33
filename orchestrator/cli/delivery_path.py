"""Which actors a delivery reached, as far as the daemon can tell.

In: a delivery, and the daemon. Out: a line for each repository that was told to look, each branch that was meant, each
service with a release that this delivery caused; or a note that says why nothing is known.
"""

from dataclasses import dataclass

from orchestrator.cli.daemon_client import Daemon
from orchestrator.domain.delivery import DeliveryView, State
from orchestrator.domain.snapshot import ActorView, EnvironmentView, ReleaseView, ServiceView
from orchestrator.errors import AnabranchError

_BRANCHES = "refs/heads/"


@dataclass(frozen=True, slots=True)
class Reached:
    """`lines` name actors, `note` what is not known."""

    lines: tuple[str, ...] = ()
    note: str = ""


def reached(daemon: Daemon, view: DeliveryView) -> Reached:
    """Ask the daemon; never raises."""
    if view.state is not State.FORWARDED:
        return Reached(note="nobody" if view.hints or view.state is not State.PARSED else "")
    try:
        actors, environments = daemon.actors(), daemon.environments()
    except AnabranchError as error:
        return Reached(note=f"the daemon acknowledged it; whom it told is not known here: {error}")
    told = tuple(dict.fromkeys(each.repository for each in view.hints))
    branches = {each.ref.removeprefix(_BRANCHES) for each in view.hints if each.ref}
    return Reached(
        (
            *(_repository(name, actors) for name in told),
            *(f"branch {each.environment}: {each.status}" for each in environments if each.branch in branches),
            *_services(str(view.delivery), environments),
        )
    )


def _repository(name: str, actors: tuple[ActorView, ...]) -> str:
    for actor in actors:
        if actor.name == f"repository {name}":
            return f"repository {name}, actor {actor.address}: {actor.detail}"
    return f"repository {name}: the daemon follows none of this name"


def _services(delivery: str, environments: tuple[EnvironmentView, ...]) -> tuple[str, ...]:
    return tuple(
        f"service {service.name}: v{release.number} ({release.commit[:7]}) {release.status}"
        for environment in environments
        for service in environment.services
        for release in _releases(service)
        if release.delivery == delivery
    )


def _releases(service: ServiceView) -> tuple[ReleaseView, ...]:
    return tuple(release for release in (service.serving, service.pending) if release)
