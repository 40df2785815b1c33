"""What the shell offers on TAB: environments and services that exist now; nothing when there is no daemon."""

import os

import typer

from orchestrator.cli.session import Common, open_session
from orchestrator.domain.snapshot import EnvironmentView


def environments(context: typer.Context, incomplete: str) -> list[str]:
    """Offer environments."""
    return [view.environment for view in _all(context) if view.environment.startswith(incomplete)]


def services(context: typer.Context, incomplete: str) -> list[str]:
    """Offer `environment:service`, and the bare names of the environment that is named."""
    common = context.find_object(Common) or Common()
    meant = context.params.get("environment") or common.environment or os.environ.get("ANABRANCH_ENVIRONMENT")
    found = [service for view in _all(context) for service in view.services if service.present]
    bare = [service.service for service in found if service.environment == meant]
    return [name for name in [*bare, *(service.name for service in found)] if name.startswith(incomplete)]


def _all(context: typer.Context) -> tuple[EnvironmentView, ...]:
    try:
        return open_session(context).daemon.environments()
    except Exception:  # a shell that completes must not be disturbed
        return ()
