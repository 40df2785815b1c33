"""What the shell offers on TAB: environments and services that exist now; nothing when there is no daemon."""

import os
from pathlib import Path

import typer

from orchestrator.cli import checkout, socket_path
from orchestrator.cli.daemon_client import Daemon
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
    given = _given(context, "socket")
    return Daemon(socket_path.find(Path(str(given)) if given else None, os.environ), _SECONDS)
