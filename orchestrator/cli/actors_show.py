"""actors show: what is this one actor doing, what does it wait for, and what did it do last?"""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import typer

from orchestrator.cli import options, wires
from orchestrator.cli.actor_choice import Which, find
from orchestrator.cli.output import chosen, emit
from orchestrator.cli.session import Session, open_session
from orchestrator.cli.times import exact, lasting
from orchestrator.domain.snapshot import ActorView, WireView
from orchestrator.domain.text import printable
from orchestrator.errors import NotFound

_LONGEST_LINE = 2000


@dataclass(frozen=True, slots=True)
class ActorPage(ActorView):
    """An actor, the addresses and names of its children, and for a service its wires."""

    children: tuple[str, ...] = ()
    wires: tuple[WireView, ...] = ()


def show(
    context: typer.Context,
    which: Which,
    environment: options.Environment = None,
    output: options.Form = None,
    quiet: options.Quiet = False,
) -> None:
    """Show one actor: state, what it waits for, children, wires, last messages, last failure.

    \b
    Examples:
      anabranch actors show bugfix:web
      anabranch -n bugfix actors show web
      anabranch actors show "repository web"
      anabranch actors show /A17 -o json
    """
    form = chosen(output, quiet=quiet)
    session = open_session(context, environment)
    actors = session.daemon.actors()
    actor = complete(session, actors, find(session, actors, which))
    emit(form, actor, [actor.address], lambda: print(page(actor)))


def complete(session: Session, actors: Sequence[ActorView], actor: ActorView) -> ActorPage:
    """Add what only the other actors and the board know."""
    children = tuple(f"{other.address} {other.name}" for other in actors if other.parent == actor.address)
    own = {field.name: getattr(actor, field.name) for field in fields(actor)}
    return ActorPage(**own, children=children, wires=_wires(session, actor))


def _wires(session: Session, actor: ActorView) -> tuple[WireView, ...]:
    if actor.kind != "service":
        return ()
    try:
        services = session.daemon.environment(actor.environment).services
    except NotFound:
        return ()
    return tuple(wire for service in services if service.service == actor.service for wire in service.wires)


def page(actor: ActorPage) -> str:
    """Everything about an actor, a fact on each line."""
    timer = "" if actor.wakes_in is None else f"a timer, in {exact(actor.wakes_in)}"
    mean = f", {exact(actor.busy / actor.handled)} each" if actor.handled else ""
    failure = f"{lasting(actor.failed_for)} ago: {actor.last_failure}" if actor.last_failure else ""
    facts = (
        ("address", actor.address),
        ("parent", actor.parent),
        ("state", f"{actor.state} for {lasting(actor.since)}" + (f": {actor.detail}" if actor.detail else "")),
        ("held", actor.held),
        ("waits for", timer if actor.waiting == 0 else f"its turn: {actor.waiting} messages"),
        ("mailbox", f"{actor.waiting} waiting, {actor.handled} handled in {exact(actor.busy)}{mean}"),
        ("age", f"{lasting(actor.age)}, {actor.restarts} restarts"),
        *_listed("children", actor.children),
        *_listed("wires", [f"{wire.variable} -> {wires.target(wire)} ({wire.origin})" for wire in actor.wires]),
        ("last", actor.last_message),
        *_listed("messages", actor.last_messages),
        ("failure", failure),
        *_listed("at", actor.frames),
    )
    lines = [actor.name, *(f"  {label:10}{fact}" for label, fact in facts if fact)]
    return "\n".join(printable(line, _LONGEST_LINE) for line in lines)


def _listed(label: str, lines: Sequence[str]) -> list[tuple[str, str]]:
    return [("" if index else label, line) for index, line in enumerate(lines)]
