"""wires: who talks to whom, and why?"""

import time
from collections.abc import Sequence

import typer

from orchestrator.cli import options
from orchestrator.cli.live import repeat
from orchestrator.cli.output import chosen, emit
from orchestrator.cli.session import open_session
from orchestrator.cli.table import Table, show
from orchestrator.cli.times import ago
from orchestrator.domain.snapshot import ServiceView, WireView

_HEADER = ("FROM", "VARIABLE", "TO", "ORIGIN", "SINCE", "NOTE")


def wires(
    context: typer.Context,
    services: options.Services = None,
    environment: options.Environment = None,
    output: options.Form = None,
    quiet: options.Quiet = False,
    watch: options.Watching = False,
) -> None:
    """List who talks to whom, and why.

    Each line is a reference of one service to another: which variable leads where, and whether to the branch or the
    baseline. With -q: the services that refer to others.

    \b
    Examples:
      anabranch -n bugfix wires
      anabranch wires bugfix:web
      anabranch -n bugfix wires -w
    """
    form = chosen(output, quiet=quiet, watch=watch)
    session = open_session(context, environment)

    def once() -> None:
        found = tuple(service for service in session.services(services) if service.wires)
        rows = [wire for service in found for wire in service.wires]
        emit(form, rows, [service.name for service in found], lambda: show(table(found, time.time())))

    repeat(session.daemon, once) if watch else once()


def table(services: Sequence[ServiceView], now: float) -> Table:
    """Lay the wires of services out."""
    return Table(_HEADER, tuple(_row(service, wire, now) for service in services for wire in service.wires))


def target(wire: WireView) -> str:
    """Name where a wire leads as an id; empty when it leads nowhere."""
    named = wire.target_environment and wire.target_service
    return f"{wire.target_environment}:{wire.target_service}" if named else wire.target_service


def _row(service: ServiceView, wire: WireView, now: float) -> tuple[str, ...]:
    return service.name, wire.variable or wire.resource, target(wire), wire.origin, ago(wire.since, now), wire.note
