"""What the shell offers on TAB: what exists now; nothing when neither daemon nor forwarder answers."""

import os
from pathlib import Path

import typer

from orchestrator.cli import checkout, socket_path
from orchestrator.cli.daemon_client import Daemon
from orchestrator.cli.forwarder_client import Forwarder
from orchestrator.domain.snapshot import EnvironmentView

_SECONDS = 1.0


def environments(context: typer.Context, incomplete: str) -> list[str]:
    """Offer environments."""
    return [view.environment for view in _all(context) if view.environment.startswith(incomplete)]


def services(context: typer.Context, incomplete: str) -> list[str]:
    """Offer `environment:service`, and the bare names of the environment that is meant."""
    views = _all(context)
    meant = _meant(context)
    found = [service for view in views for service in view.services if service.present]
    bare = [s.service for view in views if meant in (view.environment, view.branch) for s in view.services if s.present]
    return [name for name in [*bare, *(service.name for service in found)] if name.startswith(incomplete)]


def actors(context: typer.Context, incomplete: str) -> list[str]:
    """Offer services, and addresses of actors."""
    if not incomplete.startswith("/"):
        return services(context, incomplete)
    try:
        found = _daemon(context).actors()
    except Exception:  # a shell that completes must not be disturbed
        return []
    return [actor.address for actor in found if actor.address.startswith(incomplete)]


def all_names(context: typer.Context, incomplete: str) -> list[str]:
    """Offer environments and services."""
    return [*environments(context, incomplete), *services(context, incomplete)]


def hooks(context: typer.Context, incomplete: str) -> list[str]:
    """Offer the hooks that the forwarder serves."""
    try:
        return [hook.name for hook in _forwarder(context).hooks() if hook.name.startswith(incomplete)]
    except Exception:  # a shell that completes must not be disturbed
        return []


def providers(incomplete: str) -> list[str]:
    """Offer the git hosts that are understood."""
    from orchestrator.domain.webhook.hosts import HOSTS

    return [name for name in sorted(HOSTS) if name.startswith(incomplete)]


def delivery_numbers(context: typer.Context, incomplete: str) -> list[str]:
    """Offer the newest deliveries."""
    try:
        found = [str(view.delivery) for view in _forwarder(context).deliveries().deliveries]
    except Exception:  # a shell that completes must not be disturbed
        return []
    return [number for number in found if number.startswith(incomplete)]


def _forwarder(context: typer.Context) -> Forwarder:
    own, daemon = (_path(_given(context, option)) for option in ("forwarder_socket", "socket"))
    return Forwarder(socket_path.forwarder_places(own, daemon, os.environ)[-1], _SECONDS)


def _path(given: object) -> Path | None:
    return Path(str(given)) if given else None


def repositories(context: typer.Context, incomplete: str) -> list[str]:
    """Offer repositories that were looked at."""
    names = {looked.repository for view in _all(context) for looked in view.looked_at}
    return sorted(name for name in names if name.startswith(incomplete))


def edited(context: typer.Context, incomplete: str) -> list[str]:
    """Offer the edited variables of the service that is named before them."""
    environment, _, name = str(context.params.get("service") or "").rpartition(":")
    meant = environment or _meant(context)
    views = [view for view in _all(context) if meant in (view.environment, view.branch)]
    written = [v for view in views for service in view.services if service.service == name for v in service.variables]
    return [v.name for v in written if v.source == "edited" and v.name.startswith(incomplete)]


def ports(context: typer.Context, incomplete: str) -> list[str]:
    """Offer the names of ports that services have: which service is meant is not known behind an option."""
    found = {name for view in _all(context) for service in view.services for name, _ in service.addresses}
    return sorted(name for name in found if name.startswith(incomplete))


def _meant(context: typer.Context) -> str | None:
    named = _given(context, "environment") or os.environ.get("ANABRANCH_ENVIRONMENT")
    return str(named) if named else checkout.here()


def _given(context: typer.Context, option: str) -> object:
    """Read an option that stands after the command or before it."""
    return context.params.get(option) or context.find_root().params.get(option)


def _all(context: typer.Context) -> tuple[EnvironmentView, ...]:
    try:
        return _daemon(context).environments()
    except Exception:  # a shell that completes must not be disturbed
        return ()


def _daemon(context: typer.Context) -> Daemon:
    return Daemon(socket_path.find(_path(_given(context, "socket")), os.environ), _SECONDS)
