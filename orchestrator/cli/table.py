"""Tables: plain columns, neither wrapped nor cut, for pipes; the same with colour, made to fit, on a terminal.

In: cells, whatever they hold. Out: text whose first column can be typed back. Cells are never read as markup.
"""

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestrator.domain.status import Health
from orchestrator.domain.text import printable

if TYPE_CHECKING:
    from rich.text import Text

_GAP = "  "
_LONGEST_CELL = 2000
_STYLES = {
    "Ready": "green",
    "Serving": "green",
    "ok": "green",
    "Progressing": "yellow",
    "Starting": "yellow",
    "Waiting": "yellow",
    "Degraded": "bold red",
    "Failed": "bold red",
    "FAILED": "bold red",
}


@dataclass(frozen=True, slots=True)
class Table:
    """A header and rows of the same length."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def ill_first(word: Health) -> int:
    """Give the sort key that puts the worst first."""
    return -tuple(Health).index(word)


def show(table: Table, *, whole: bool = False) -> None:
    """Print a table in the form that stdout can take; `whole` cuts nothing on a terminal, which wraps it then."""
    if sys.stdout.isatty():
        _show_on_terminal(table, whole)
    else:
        print(plain(table))


def plain(table: Table) -> str:
    """Lay a table out as text; a header that is all empty is left out."""
    lines = [line for line in (table.header, *table.rows) if any(line) or line is not table.header]
    cells = [[printable(cell, _LONGEST_CELL) for cell in line] for line in lines]
    widths = [max(len(line[column]) for line in cells) for column in range(len(table.header))] if cells else []
    return "\n".join(_GAP.join(map(str.ljust, line, widths)).rstrip() for line in cells)


def _show_on_terminal(table: Table, whole: bool) -> None:
    from rich.console import Console

    from orchestrator.cli.fit import fit, joined, widths_of

    console = Console(highlight=False, markup=False, emoji=False)
    header = [_cell(name, "bold") for name in table.header] if any(table.header) else []
    rows = [[_cell(cell, _STYLES.get(cell, "")) for cell in row] for row in table.rows]
    lines = [header, *rows] if header else rows
    whole_lines = (joined(line, widths_of(lines)) for line in lines)
    for line in whole_lines if whole else fit(header, rows, console.width):
        console.print(line, soft_wrap=True)


def _cell(text: str, style: str) -> "Text":
    from rich.text import Text

    return Text(printable(text, _LONGEST_CELL), style)
