"""approve-removal: yes, so many branches are really gone."""

from typing import Annotated

import typer

from orchestrator.cli import options
from orchestrator.cli.output import chosen, emit
from orchestrator.cli.session import open_session
from orchestrator.domain.text import printable

Repository = Annotated[str, typer.Argument(metavar="REPOSITORY", help="The repository's name in the settings.")]


def approve_removal(
    context: typer.Context, repository: Repository, output: options.Form = None, quiet: options.Quiet = False
) -> None:
    """Let removals go on that were held back because unusually many branches disappeared at once; prints the branches.

    \b
    Examples:
      anabranch approve-removal web
    """
    form = chosen(output, quiet=quiet)
    branches = open_session(context).daemon.approve_removal(repository)
    emit(form, branches, branches, lambda: print("\n".join(printable(branch) for branch in branches)))
