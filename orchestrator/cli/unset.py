"""unset: back to what the file says."""

from typing import Annotated

import typer

from orchestrator.cli import completion, options, rollout
from orchestrator.cli.session import open_session

Names = Annotated[
    list[str],
    typer.Argument(metavar="NAME", help="Variables that were edited or set.", autocompletion=completion.edited),
]


def unset(
    context: typer.Context,
    service: options.Service,
    names: Names,
    environment: options.Environment = None,
    no_wait: options.NoWait = False,
    timeout: options.Timeout = rollout.SECONDS,
) -> None:
    """Take edits of variables back. A release with what the file says is rolled out.

    \b
    Examples:
      anabranch -n bugfix unset web LOG_LEVEL
      anabranch unset bugfix:web LOG_LEVEL API_URL --no-wait
    """
    session = open_session(context, environment)
    edited = session.daemon.edit(session.own_service(service), dict.fromkeys(names), careful=False)
    rollout.announce(edited)
    if not no_wait:
        rollout.follow(session.daemon, edited, timeout)
