"""What the shell offers on TAB: names of what exists now; nothing when there is no daemon."""

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


def all_names(context: typer.Context, incomplete: str) -> list[str]:
    """Offer environments and services."""
    return [*environments(context, incomplete), *services(context, incomplete)]


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


def _meant(context: typer.Context) -> str | None:
    named = _given(context, "environment") or os.environ.get("ANABRANCH_ENVIRONMENT")
    return str(named) if named else checkout.here()


def _given(context: typer.Context, option: str) -> object:
    """Read an option that stands after the command or before it."""
    return context.params.get(option) or context.find_root().params.get(option)


def _all(context: typer.Context) -> tuple[EnvironmentView, ...]:
    try:
        given = _given(context, "socket")
        path = socket_path.find(Path(str(given)) if given else None, os.environ)
        return Daemon(path, _SECONDS).environments()
    except Exception:  # a shell that completes must not be disturbed
        return ()
