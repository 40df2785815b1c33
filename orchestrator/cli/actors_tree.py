"""actors tree: the machine room."""

from collections.abc import Mapping, Sequence

import typer

from orchestrator.cli import options
from orchestrator.cli.live import repeat
from orchestrator.cli.output import chosen, emit
from orchestrator.cli.session import open_session
from orchestrator.cli.table import Table, plain
from orchestrator.cli.times import lasting
from orchestrator.domain.snapshot import ActorView

_BRANCH, _LAST, _PASSING, _NOTHING = "├─ ", "└─ ", "│  ", "   "


def tree(
    context: typer.Context,
    output: options.Form = None,
    quiet: options.Quiet = False,
    watch: options.Watching = False,
) -> None:
    """Show every actor below the one that made it: what it does, what waits, for how long.

    \b
    Examples:
      anabranch actors tree
      anabranch actors tree -w
      anabranch actors show $(anabranch actors tree -q | head -1)
    """
    form = chosen(output, quiet=quiet, watch=watch)
    daemon = open_session(context).daemon

    def once() -> None:
        actors = daemon.actors()
        emit(form, actors, [actor.address for actor in actors], lambda: print(text(actors)))

    repeat(daemon, once) if watch else once()


def text(actors: Sequence[ActorView]) -> str:
    """Draw the tree; an actor whose parent is not there stands at the root."""
    known = {actor.address for actor in actors}
    children: dict[str, list[ActorView]] = {}
    for actor in actors:
        children.setdefault(actor.parent if actor.parent in known else "", []).append(actor)
    rows = _rows(children, "", "")
    return plain(Table(("",) * 5, tuple(rows)))


def _rows(children: Mapping[str, Sequence[ActorView]], parent: str, indent: str) -> list[tuple[str, ...]]:
    rows = []
    below = children.get(parent, ())
    for index, actor in enumerate(below):
        last = index == len(below) - 1
        edge, passing = ("", "") if not parent else (_LAST, _NOTHING) if last else (_BRANCH, _PASSING)
        rows.append(_row(actor, indent + edge))
        rows.extend(_rows(children, actor.address, indent + passing))
    return rows


def _row(actor: ActorView, indent: str) -> tuple[str, ...]:
    since = f"since {lasting(actor.since)}: {actor.detail}" if actor.detail not in ("", actor.state) else ""
    restarts = f"{actor.restarts} restarts" if actor.restarts else ""
    handled = f"{actor.handled} handled"
    label = actor.name if actor.name.startswith(actor.kind) else f"{actor.kind} {actor.name}".strip()
    return (
        f"{indent}{label}",
        actor.state,
        f"{actor.waiting} waiting",
        handled,
        "  ".join(filter(None, (restarts, since))),
    )
