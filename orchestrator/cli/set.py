"""set: give a variable another text without an editor."""

from typing import Annotated

import typer

from orchestrator.cli import options, rollout
from orchestrator.cli.session import open_session
from orchestrator.cli.usage import WrongUsage
from orchestrator.domain.text import printable

Assignments = Annotated[list[str], typer.Argument(metavar="NAME=TEXT", help="Variables and their new texts.")]


def set_variables(
    context: typer.Context,
    service: options.Service,
    assignments: Assignments,
    environment: options.Environment = None,
    no_wait: options.NoWait = False,
    timeout: options.Timeout = rollout.SECONDS,
) -> None:
    """Set variables of a service. A release with them is rolled out; placeholders are allowed, git is not touched.

    \b
    Examples:
      anabranch -n bugfix set web LOG_LEVEL=debug
      anabranch set bugfix:web 'API_URL=${resources.app.url}/v2' --no-wait
    """
    changes: dict[str, str | None] = dict(_assignment(text) for text in assignments)
    session = open_session(context, environment)
    edited = session.daemon.edit(session.own_service(service), changes, careful=False)
    rollout.announce(edited)
    if not no_wait:
        rollout.follow(session.daemon, edited, timeout)


def _assignment(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise WrongUsage(f'"{printable(text, 64)}" is not NAME=TEXT')
    return name, value
