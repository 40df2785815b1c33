"""envs: which environments are there, and is any of them ill?"""

import time

import typer

from orchestrator.cli import options
from orchestrator.cli.live import repeat
from orchestrator.cli.output import chosen, emit
from orchestrator.cli.session import open_session
from orchestrator.cli.table import Table, ill_first, show
from orchestrator.cli.times import ago
from orchestrator.domain.snapshot import EnvironmentView

_HEADER = ("ENVIRONMENT", "SERVICES", "STATUS", "BRANCH", "CHANGED", "NOTE")


def envs(
    context: typer.Context, output: options.Form = None, quiet: options.Quiet = False, watch: options.Watching = False
) -> None:
    """List environments. Each branch name over all repositories is one; what is ill comes first.

    \b
    Examples:
      anabranch envs
      anabranch envs -w
      for env in $(anabranch envs -q); do anabranch -n $env ps; done
    """
    form = chosen(output, quiet=quiet, watch=watch)
    daemon = open_session(context).daemon

    def once() -> None:
        views = daemon.environments()
        emit(form, views, [view.environment for view in views], lambda: show(table(views, time.time())))

    repeat(daemon, once) if watch else once()


def table(views: tuple[EnvironmentView, ...], now: float) -> Table:
    """Lay environments out, the worst first."""
    ordered = sorted(views, key=lambda view: ill_first(view.status))
    return Table(_HEADER, tuple(_row(view, now) for view in ordered))


def _row(view: EnvironmentView, now: float) -> tuple[str, ...]:
    own = sum(service.present for service in view.services)
    return view.environment, str(own), view.status, view.branch, ago(view.changed, now), view.note
