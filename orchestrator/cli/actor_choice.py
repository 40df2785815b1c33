"""Which actor a person means: by its address, by its name in the tree, or by the service that it keeps."""

from collections.abc import Sequence
from typing import Annotated

import typer

from orchestrator.cli import completion
from orchestrator.cli.session import Session
from orchestrator.domain.snapshot import ActorView
from orchestrator.domain.text import did_you_mean, printable
from orchestrator.errors import NotFound

Which = Annotated[
    str,
    typer.Argument(
        metavar="ADDRESS|NAME|SERVICE",
        help='An address as `actors tree -q` prints it, a name as "branch bugfix", or [environment:]service.',
        autocompletion=completion.actors,
    ),
]


def find(session: Session, actors: Sequence[ActorView], which: str) -> ActorView:
    """Find the actor that is meant; raises NotFound with the nearest name."""
    for actor in actors:
        if which in (actor.address, actor.name):
            return actor
    if which.startswith("/") or " " in which:
        near = did_you_mean(which, [actor.name for actor in actors])
        raise NotFound(f'no actor "{printable(which, 64)}"{near} (anabranch actors tree)')
    service = session.service(which)
    name = f"service {service.name}"
    for actor in actors:
        if actor.name == name:
            return actor
    raise NotFound(f"no actor for {service.name} (anabranch actors tree)")
