"""actors top: who is busy, who is slow, where does mail pile up, and how long does a message wait for a worker?"""

from collections.abc import Sequence
from dataclasses import dataclass

import typer

from orchestrator.cli import options
from orchestrator.cli.live import repeat
from orchestrator.cli.output import chosen, emit
from orchestrator.cli.session import open_session
from orchestrator.cli.table import Table, plain
from orchestrator.cli.times import exact, lasting
from orchestrator.domain.machine_room import EngineView, KindView
from orchestrator.domain.snapshot import ActorView

_MOST = 5
_KINDS = ("KIND", "ACTORS", "WAITING", "MESSAGES", "BUSY", "P50", "P99")


@dataclass(frozen=True, slots=True)
class Top:
    """The engine, and the actors that stand out: by time in handlers, by time for each message, by waiting mail."""

    engine: EngineView
    busiest: tuple[ActorView, ...]
    slowest: tuple[ActorView, ...]
    deepest: tuple[ActorView, ...]


def top(
    context: typer.Context,
    output: options.Form = None,
    quiet: options.Quiet = False,
    watch: options.Watching = False,
) -> None:
    """Show the busiest and slowest actors, the deepest mailboxes, and what messages wait for a worker.

    P50 and P99 are estimates: half of the handlers, and all but one in a hundred, took no longer.

    \b
    Examples:
      anabranch actors top
      anabranch actors top -w
      anabranch actors top -o json
    """
    form = chosen(output, quiet=quiet, watch=watch)
    daemon = open_session(context).daemon

    def once() -> None:
        found = ranked(daemon.engine(), daemon.actors())
        names = [actor.address for actor in (*found.busiest, *found.slowest, *found.deepest)]
        emit(form, found, names, lambda: print(text(found)))

    repeat(daemon, once) if watch else once()


def ranked(engine: EngineView, actors: Sequence[ActorView]) -> Top:
    """Pick the actors that stand out."""
    busiest = sorted((a for a in actors if a.busy), key=lambda a: -a.busy)[:_MOST]
    slowest = sorted((a for a in actors if a.handled), key=lambda a: -_mean(a))[:_MOST]
    deepest = sorted((a for a in actors if a.waiting), key=lambda a: -a.waiting)[:_MOST]
    return Top(engine, tuple(busiest), tuple(slowest), tuple(deepest))


def text(found: Top) -> str:
    """Write all of it as tables, one below the other."""
    engine = found.engine
    kinds = sorted(engine.kinds, key=lambda kind: -kind.handlers.seconds)
    parts = [
        _head(engine),
        plain(Table(_KINDS, tuple(_kind(kind) for kind in kinds))),
        _table("BUSIEST", "BUSY", [(a, exact(a.busy)) for a in found.busiest]),
        _table("SLOWEST", "A MESSAGE", [(a, exact(_mean(a))) for a in found.slowest]),
        _table("DEEPEST", "WAITING", [(a, str(a.waiting)) for a in found.deepest]),
    ]
    return "\n\n".join(part for part in parts if part)


def _head(engine: EngineView) -> str:
    delays, dead = engine.delays, sum(number for _, number in engine.dead_letters)
    wait = f"p50 {exact(delays.p50)}, p99 {exact(delays.p99)}, at this moment {exact(engine.delay)}"
    blocked = f"{engine.running} running, {engine.blocked} blocked, {engine.hung} found hanging"
    counts = f"{engine.failures} failures, {engine.restarts} restarts, {dead} dead letters, {engine.timers} timers"
    rows = (("delay", wait), ("workers", f"{engine.workers}: {blocked}"), ("counts", counts))
    return plain(Table(("", ""), rows))


def _kind(kind: KindView) -> tuple[str, ...]:
    handlers = kind.handlers
    counts = (str(kind.actors), str(kind.waiting), str(handlers.count))
    return (kind.kind, *counts, exact(handlers.seconds), exact(handlers.p50), exact(handlers.p99))


def _table(title: str, column: str, rows: Sequence[tuple[ActorView, str]]) -> str:
    if not rows:
        return ""
    lines = tuple((a.address, a.name, said, a.state, lasting(a.age)) for a, said in rows)
    return plain(Table((title, "NAME", column, "STATE", "AGE"), lines))


def _mean(actor: ActorView) -> float:
    return actor.busy / actor.handled
