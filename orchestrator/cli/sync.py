"""sync: look at git now instead of at the next poll."""

import typer

from orchestrator.cli import options
from orchestrator.cli.output import chosen, emit
from orchestrator.cli.session import open_session
from orchestrator.cli.table import Table, show


def sync(context: typer.Context, output: options.Form = None, quiet: options.Quiet = False) -> None:
    """Look at every repository now, and say what went wrong; exit code 1 if one could not be read.

    \b
    Examples:
      anabranch sync
      anabranch sync && anabranch -n bugfix wait
    """
    form = chosen(output, quiet=quiet)
    found = open_session(context).daemon.sync()
    rows = tuple((each.repository, "FAILED" if each.problem else "ok", each.problem) for each in found)
    emit(form, found, [each.repository for each in found], lambda: show(Table(("REPOSITORY", "STATUS", "NOTE"), rows)))
    raise typer.Exit(1 if any(each.problem for each in found) else 0)
