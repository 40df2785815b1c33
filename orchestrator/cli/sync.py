"""sync: look at git now instead of at the next poll."""

import typer

from orchestrator.cli import options
from orchestrator.cli.output import chosen, emit
from orchestrator.cli.session import open_session


def sync(context: typer.Context, output: options.Form = None, quiet: options.Quiet = False) -> None:
    """Look at every repository now; prints their names. The looking itself goes on after that.

    \b
    Examples:
      anabranch sync
    """
    form = chosen(output, quiet=quiet)
    names = open_session(context).daemon.sync()
    emit(form, names, names, lambda: print("\n".join(names) or "no repository in the settings"))
