"""ps: what runs here, from which commit, where do I reach it?"""

import time
from collections.abc import Sequence
from typing import Annotated

import typer

from orchestrator.cli import options
from orchestrator.cli.live import repeat
from orchestrator.cli.output import chosen, emit
from orchestrator.cli.session import open_session
from orchestrator.cli.table import Table, ill_first, show
from orchestrator.cli.times import ago
from orchestrator.domain.snapshot import EnvironmentView, ServiceView
from orchestrator.domain.text import printable

_LONGEST_LINE = 2000
_HEADER = ("SERVICE", "RELEASE", "COMMIT", "STATUS", "ADDRESS", "CHANGED", "NOTE")

Everything = Annotated[bool, typer.Option("-a", "--all", help="Also what is borrowed from the baseline.")]


def ps(
    context: typer.Context,
    services: options.Services = None,
    environment: options.Environment = None,
    everything: Everything = False,
    output: options.Form = None,
    quiet: options.Quiet = False,
    watch: options.Watching = False,
) -> None:
    """List the services of an environment. What is ill comes first.

    \b
    Examples:
      anabranch -n bugfix ps
      anabranch -n bugfix ps -q
      anabranch -n bugfix ps --all -w
      anabranch ps bugfix:web -o json
    """
    form = chosen(output, quiet=quiet, watch=watch)
    session = open_session(context, environment)

    def once() -> None:
        view = None if services else session.environment()
        found = view.services if view else session.services(services)
        shown = tuple(service for service in found if service.present or everything or services)
        hidden = tuple(service for service in found if service not in shown)
        emit(form, shown, [service.name for service in shown], lambda: _show(shown, hidden, remarks(view)))

    repeat(session.daemon, once) if watch else once()


def table(services: Sequence[ServiceView], now: float) -> Table:
    """Lay services out, the worst first."""
    ordered = sorted(services, key=lambda service: ill_first(service.status))
    return Table(_HEADER, tuple(_row(service, now) for service in ordered))


def footer(borrowed: Sequence[ServiceView]) -> str:
    """Name what is borrowed and not shown."""
    names = ", ".join(service.service for service in borrowed)
    return f"+ {len(borrowed)} from the baseline: {names} (anabranch -n {borrowed[0].environment} ps --all)"


def remarks(view: EnvironmentView | None) -> tuple[str, ...]:
    """Tell what no row tells: what of git is not deployed, and why."""
    if view is None:
        return ()
    missing = () if view.exists else tuple(f"{at.repository}: {at.note}" for at in view.looked_at)
    return tuple(printable(line, _LONGEST_LINE) for line in (*view.problems, *view.notices, *missing))


def _show(shown: Sequence[ServiceView], hidden: Sequence[ServiceView], lines: Sequence[str]) -> None:
    show(table(shown, time.time()))
    if hidden:
        print(footer(hidden))
    for line in lines:
        print(f"! {line}")


def _row(service: ServiceView, now: float) -> tuple[str, ...]:
    release = service.serving or service.pending
    return (
        service.name,
        f"v{release.number}" if release else "",
        release.commit[:7] if release else "",
        service.status,
        ", ".join(address for _, address in service.addresses),
        ago(service.changed, now),
        service.note,
    )
