"""actors show: what is this one actor doing, and what did it do last?"""

from collections.abc import Sequence
from typing import Annotated

import typer

from orchestrator.cli import completion, options
from orchestrator.cli.output import chosen, emit
from orchestrator.cli.session import open_session
from orchestrator.cli.times import lasting
from orchestrator.domain.snapshot import ActorView
from orchestrator.domain.text import printable
from orchestrator.errors import NotFound

Which = Annotated[
    str,
    typer.Argument(
        metavar="ADDRESS|ENVIRONMENT:SERVICE",
        help="An address as `actors tree -q` prints it, or a service.",
        autocompletion=completion.services,
    ),
]


def show(
    context: typer.Context,
    which: Which,
    environment: options.Environment = None,
    output: options.Form = None,
    quiet: options.Quiet = False,
) -> None:
    """Show one actor: state, mailbox, last messages, last failure.

    \b
    Examples:
      anabranch actors show bugfix:web
      anabranch -n bugfix actors show web
      anabranch actors show /A17 -o json
    """
    form = chosen(output, quiet=quiet)
    session = open_session(context, environment)
    actors = session.daemon.actors()
    actor = by_address(actors, which)
    if actor is None:
        service = session.own_service(which)
        actor = by_service(actors, service.environment, service.service)
    emit(form, actor, [actor.address], lambda: print(page(actor)))


def by_address(actors: Sequence[ActorView], address: str) -> ActorView | None:
    """Find an actor by its address."""
    return next((actor for actor in actors if actor.address == address), None)


def by_service(actors: Sequence[ActorView], environment: str, service: str) -> ActorView:
    """Find the actor of a service; raises NotFound."""
    for actor in actors:
        if actor.kind == "service" and actor.name == f"service {environment}:{service}":
            return actor
    raise NotFound(f"no actor for {environment}:{service} (anabranch actors tree)")


def page(actor: ActorView) -> str:
    """Everything about an actor, a fact on each line."""
    facts = (
        ("address", actor.address),
        ("parent", actor.parent),
        ("state", f"{actor.state} for {lasting(actor.since)}" + (f": {actor.detail}" if actor.detail else "")),
        ("mailbox", f"{actor.waiting} waiting, {actor.handled} handled"),
        ("age", f"{lasting(actor.age)}, {actor.restarts} restarts"),
        ("last", actor.last_message),
        ("failure", actor.last_failure),
        *(("" if index else "messages", message) for index, message in enumerate(actor.last_messages)),
    )
    lines = [actor.name, *(f"  {label:10}{fact}" for label, fact in facts if fact)]
    return "\n".join(printable(line, 2000) for line in lines)
