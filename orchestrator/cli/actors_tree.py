"""actors tree: the machine room."""

from collections.abc import Mapping, Sequence
from typing import Annotated

import typer

from orchestrator.cli import options
from orchestrator.cli.live import repeat
from orchestrator.cli.output import chosen, emit
from orchestrator.cli.session import open_session
from orchestrator.cli.table import Table, plain
from orchestrator.cli.times import lasting
from orchestrator.domain.snapshot import ActorView

_BRANCH, _LAST, _PASSING, _NOTHING = "├─ ", "└─ ", "│  ", "   "
_HEADER = ("ACTOR", "STATE", "MAILBOX", "HANDLED", "AGE", "LAST MESSAGE", "NOTE")
_ILL = frozenset({"hung", "backing off", "paused", "stopped"})
_DEEP = 1000
_RECENT_SECONDS = 300.0

Depth = Annotated[int, typer.Option("--depth", min=1, metavar="LEVELS", help="Show so many levels, from the root.")]
Problems = Annotated[
    bool,
    typer.Option(
        "--problems", help="Only actors that hang, back off, are held, lately failed or lag, and those above them."
    ),
]


def tree(
    context: typer.Context,
    depth: Depth = 100,
    problems: Problems = False,
    output: options.Form = None,
    quiet: options.Quiet = False,
    watch: options.Watching = False,
) -> None:
    """Show every actor below the one that made it: what it does, what waits, for how long.

    \b
    Examples:
      anabranch actors tree
      anabranch actors tree --depth 2 -w
      anabranch actors tree --problems
      anabranch actors show $(anabranch actors tree -q | head -1)
    """
    form = chosen(output, quiet=quiet, watch=watch)
    daemon = open_session(context).daemon

    def once() -> None:
        actors = reduced(daemon.actors(), depth, problems=problems)
        emit(form, actors, [actor.address for actor in actors], lambda: print(text(actors)))

    repeat(daemon, once) if watch else once()


def is_ill(actor: ActorView) -> bool:
    """Tell whether somebody should look at an actor."""
    failed = bool(actor.last_failure) and actor.failed_for < _RECENT_SECONDS
    return actor.state in _ILL or failed or actor.waiting >= _DEEP


def reduced(actors: Sequence[ActorView], depth: int, *, problems: bool) -> tuple[ActorView, ...]:
    """Leave out what is deeper, and with `problems` what is well and has nothing ill below it."""
    known = {actor.address: actor for actor in actors}
    paths = {actor.address: _path(actor, known) for actor in actors}
    wanted = {above for actor in actors if is_ill(actor) for above in paths[actor.address]} if problems else set(known)
    return tuple(actor for actor in actors if actor.address in wanted and len(paths[actor.address]) <= depth)


def _path(actor: ActorView, known: Mapping[str, ActorView]) -> tuple[str, ...]:
    """Name an actor and all above it."""
    path = [actor.address]
    while actor.parent in known:
        actor = known[actor.parent]
        path.append(actor.address)
    return tuple(path)


def text(actors: Sequence[ActorView]) -> str:
    """Draw the tree; an actor whose parent is not there stands at the root."""
    if not actors:
        return "no problems"
    known = {actor.address for actor in actors}
    children: dict[str, list[ActorView]] = {}
    for actor in actors:
        children.setdefault(actor.parent if actor.parent in known else "", []).append(actor)
    return plain(Table(_HEADER, tuple(_rows(children, "", ""))))


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
    restarts = f"{actor.restarts} restart{'s' if actor.restarts > 1 else ''}" if actor.restarts else ""
    held = actor.held if actor.held != actor.detail else ""
    failed = f"failed {lasting(actor.failed_for)} ago: {actor.last_failure}" if is_ill(actor) else ""
    label = actor.name if actor.name.startswith(actor.kind) else f"{actor.kind} {actor.name}".strip()
    return (
        f"{indent}{label}",
        actor.state,
        f"{actor.waiting} waiting",
        f"{actor.handled}",
        lasting(actor.age),
        actor.last_message,
        "; ".join(filter(None, (held, restarts, since, failed if actor.last_failure else ""))),
    )
