"""Where a browser is led to: one port of a service that answers now.

In: a service as readers see it, the one that it is borrowed from included. Out: the name and the stable address of a
port, or one line that says why nobody would answer there, and what to do next.
"""

from dataclasses import dataclass

from orchestrator.domain.snapshot import ServiceView
from orchestrator.domain.status import Health
from orchestrator.domain.text import did_you_mean, listed, printable
from orchestrator.errors import NotFound, Permanent, Temporary


@dataclass(frozen=True, slots=True)
class FrontView:
    """A port of a service and the URL that a browser outside reaches it by."""

    environment: str
    service: str
    port: str
    url: str

    @property
    def name(self) -> str:
        """The id that can be typed back: `bugfix:web`."""
        return f"{self.environment}:{self.service}"


def front(service: ServiceView, wanted: str) -> tuple[str, str]:
    """Choose a port by its name, the first one when it is empty: (name, `http://host:port`).

    Raises NotFound when there is no such port.
    """
    if not service.addresses:
        raise NotFound(
            f"{service.name} has no port to open; declare one under service.ports in its Score file, "
            f"or see what it writes: anabranch logs {service.name}"
        )
    for name, address in service.addresses:
        if wanted in ("", name):
            return name, address
    names = [name for name, _ in service.addresses]
    near = did_you_mean(wanted, names) or f"; there are {listed(names)}"
    raise NotFound(f'{service.name} has no port "{printable(wanted, 64)}"{near}')


def check_answers(service: ServiceView) -> None:
    """Raise Temporary or Permanent when the service, not a borrowed one, has no release that answers now."""
    serving = service.serving
    if serving and not serving.reason:
        return
    why = (serving.reason if serving else "") or service.note or "nothing of it runs yet"
    if service.status is Health.DEGRADED:
        raise Permanent(f"{service.name} is not Ready: {why} (anabranch describe {service.name})")
    raise Temporary(f"{service.name} is not Ready: {why}; follow it: anabranch wait {service.name}")
