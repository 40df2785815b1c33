"""What people see of a paused or stopped actor where they look anyway: in the notes of what depends on it.

In: a picture of an environment and the holds there are. Out: the same picture, with a note at each service concerned.
"""

from collections.abc import Sequence
from dataclasses import replace

from orchestrator.domain.machine_room import Hold
from orchestrator.domain.snapshot import EnvironmentView, ServiceView


def noted(view: EnvironmentView, holds: Sequence[Hold]) -> EnvironmentView:
    """Add the holds to the notes of an environment and of its services."""
    if not holds:
        return view
    services = tuple(_service(service, holds) for service in view.services)
    wide = tuple(hold.text for hold in holds if _holds_environment(hold, view.environment))
    return replace(view, services=services, note=_joined(wide, view.note))


def _service(service: ServiceView, holds: Sequence[Hold]) -> ServiceView:
    concerned = tuple(hold.text for hold in holds if _holds_service(hold, service))
    return replace(service, note=_joined(concerned, service.note)) if concerned else service


def _holds_environment(hold: Hold, environment: str) -> bool:
    return hold.kind == "orchestrator" or hold.environment == environment


def _holds_service(hold: Hold, service: ServiceView) -> bool:
    if hold.repository:
        return service.present and hold.repository == service.repository
    return _holds_environment(hold, service.environment) and hold.service in ("", service.service)


def _joined(texts: tuple[str, ...], note: str) -> str:
    return "; ".join((*texts, *([note] if note else ())))
