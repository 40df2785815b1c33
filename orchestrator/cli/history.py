"""history: what changed, when, why, and how to get back?"""

import time
from collections.abc import Sequence

import typer

from orchestrator.cli import options
from orchestrator.cli.output import chosen, emit
from orchestrator.cli.session import open_session, parse, releases_of
from orchestrator.cli.table import Table, show
from orchestrator.cli.times import ago
from orchestrator.domain.snapshot import HistoryEntry

_HEADER = ("RELEASE", "COMMIT", "CAUSE", "WHEN", "STATUS", "CHANGE")


def history(
    context: typer.Context,
    service: options.Service,
    environment: options.Environment = None,
    output: options.Form = None,
    quiet: options.Quiet = False,
) -> None:
    """List the releases of a service. The newest is first, each has its cause; with @v3 or @COMMIT only that one.

    \b
    Examples:
      anabranch -n bugfix history web
      anabranch history bugfix:web@v3 -o json
      anabranch -n bugfix history web -q
    """
    form = chosen(output, quiet=quiet)
    session = open_session(context, environment)
    wanted = parse(service)
    entries = releases_of(session.daemon.history(session.find(wanted)), wanted)
    emit(form, entries, [name(entry) for entry in entries], lambda: show(table(entries, time.time())))


def table(entries: Sequence[HistoryEntry], now: float) -> Table:
    """Lay releases out."""
    return Table(_HEADER, tuple(_row(entry, now) for entry in entries))


def name(entry: HistoryEntry) -> str:
    """Name a release so that it can be typed back."""
    return f"{entry.environment}:{entry.service}@v{entry.number}"


def _row(entry: HistoryEntry, now: float) -> tuple[str, ...]:
    return name(entry), entry.commit[:7], entry.cause, ago(entry.created, now), entry.status, entry.change
