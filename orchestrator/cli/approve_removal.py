"""approve-removal: yes, so many branches are really gone."""

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from orchestrator.cli import completion, options
from orchestrator.cli.output import chosen, emit
from orchestrator.cli.session import open_session
from orchestrator.domain.text import printable

Repository = Annotated[
    str,
    typer.Argument(
        metavar="REPOSITORY",
        help="The repository's name in the settings.",
        autocompletion=completion.repositories,
    ),
]


def approve_removal(
    context: typer.Context, repository: Repository, output: options.Form = None, quiet: options.Quiet = False
) -> None:
    """Let held-back removals of branches go on. Prints the branches.

    They are held back when unusually many branches of a repository disappear at once.

    \b
    Examples:
      anabranch approve-removal web
    """
    form = chosen(output, quiet=quiet)
    branches = open_session(context).daemon.approve_removal(repository)
    emit(form, branches, branches, lambda: _print(branches))
    if not branches:
        print(f"nothing is held back in {printable(repository, 64)}", file=sys.stderr)


def _print(branches: Sequence[str]) -> None:
    for branch in branches:
        print(printable(branch))
