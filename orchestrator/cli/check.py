"""check: can everything that the settings ask for be had?"""

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

from orchestrator.cli import options
from orchestrator.cli.output import Output, chosen, emit
from orchestrator.cli.table import Table, show
from orchestrator.cli.usage import WrongUsage

if TYPE_CHECKING:
    from orchestrator.check import CheckRow


def check(settings: options.Settings = None, output: options.Form = None) -> None:
    """Try everything that the settings name. Repositories, directories, files, ports: exit code 1 if one failed.

    \b
    Examples:
      anabranch check
      anabranch check --settings config/anabranch.yaml
      anabranch check -o json
    """
    from orchestrator.check import check_file

    form = chosen(output)
    if form is Output.NAME:
        raise WrongUsage("what is checked has no ids; drop -o name")
    rows = check_file(settings, os.environ)
    emit(form, rows, [], lambda: show(table(rows), whole=True))
    failed = sum(not row.ok for row in rows)
    print(f"{failed} of {len(rows)} failed" if failed else f"{len(rows)} of {len(rows)} ok", file=sys.stderr)
    raise typer.Exit(1 if failed else 0)


def table(rows: "Sequence[CheckRow]") -> Table:
    """Lay rows out in the order in which things were tried."""
    cells = tuple((row.what, row.name, row.where, "ok" if row.ok else "FAILED", row.text) for row in rows)
    return Table(("",) * 5, cells)
