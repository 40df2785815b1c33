"""Tables: plain columns, neither wrapped nor cut, for pipes; the same with colour, cut at the edge, on a terminal.

In: cells, whatever they hold. Out: text whose first column can be typed back. Cells are never read as markup.
"""

import sys
from dataclasses import dataclass

from orchestrator.domain.status import Health
from orchestrator.domain.text import printable

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


def show(table: Table) -> None:
    """Print a table in the form that stdout can take."""
    if sys.stdout.isatty():
        _show_on_terminal(table)
    else:
        print(plain(table))


def plain(table: Table) -> str:
    """Lay a table out as text; a header that is all empty is left out."""
    lines = [line for line in (table.header, *table.rows) if any(line) or line is not table.header]
    cells = [[printable(cell, _LONGEST_CELL) for cell in line] for line in lines]
    widths = [max(len(line[column]) for line in cells) for column in range(len(table.header))] if cells else []
    return "\n".join(_GAP.join(map(str.ljust, line, widths)).rstrip() for line in cells)


def _show_on_terminal(table: Table) -> None:
    from rich import table as rich_table
    from rich.console import Console
    from rich.text import Text

    grid = rich_table.Table(box=None, pad_edge=False, padding=(0, len(_GAP), 0, 0), show_header=any(table.header))
    for index, name in enumerate(table.header):
        cells = [printable(row[index], _LONGEST_CELL) for row in table.rows]
        last = index == len(table.header) - 1
        narrowest = None if last else max([Text(cell).cell_len for cell in cells], default=0)
        grid.add_column(Text(name), no_wrap=True, overflow="ellipsis", min_width=narrowest)
    for row in table.rows:
        grid.add_row(*(Text(printable(cell, _LONGEST_CELL), style=_STYLES.get(cell, "")) for cell in row))
    Console(highlight=False, markup=False, emoji=False).print(grid)
