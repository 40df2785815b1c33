"""Making a table fit the width of a terminal.

In: a header, perhaps empty, and rows of cells. Out: lines of text. The last column is cut at the edge; where little of
it would be left, long cells of the other columns are cut in their middle, addresses excepted. On a narrower terminal
the last column stands below its row. What cannot fit even so is left whole, and the terminal wraps it.
"""

from collections.abc import Iterator, Sequence

from rich.text import Text

_GAP = "  "
_NARROWEST = 20
_SHORTEST = 12
_ADDRESS = "://"

Line = Sequence[Text]


def fit(header: Line, rows: Sequence[Line], width: int) -> Iterator[Text]:
    """Lay a table out in `width` columns of the terminal."""
    lines = [header, *rows] if header else rows
    if not lines:
        return
    *others, last = widths_of(lines)
    beside = _shrunk(lines, others, width - min(last, _NARROWEST))
    below = None if beside else _shrunk(lines, others, width)
    widths = beside or below or others
    room = width - len(_GAP) if below else max(_NARROWEST, width - _taken(widths))
    for line in lines:
        *cells, note = [*map(_cut, line[:-1], widths), _ended(line[-1], room)]
        if not below:
            yield joined([*cells, note], [*widths, 0])
            continue
        yield joined(cells, widths)
        if note and line is not header:
            yield Text(_GAP) + note


def widths_of(lines: Sequence[Line]) -> list[int]:
    """Measure each column."""
    return [max(cell.cell_len for cell in column) for column in zip(*lines, strict=True)]


def joined(cells: Line, widths: Sequence[int]) -> Text:
    """Put cells beside each other; rich counts the columns that a character takes."""
    line = Text()
    for cell, width in zip(cells, widths, strict=True):
        line.append_text(cell).append(" " * (width - cell.cell_len) + _GAP)
    line.rstrip()
    return line


def _taken(widths: Sequence[int]) -> int:
    return sum(widths) + len(_GAP) * len(widths)


def _shrunk(lines: Sequence[Line], widths: Sequence[int], room: int) -> list[int] | None:
    """Take from the widest until they fit; None when they cannot."""
    least = [_least(column, width) for column, width in zip(zip(*lines, strict=True), widths, strict=False)]
    if _taken(least) > room:
        return None
    found = list(widths)
    while _taken(found) > room:
        widest = max((at for at, width in enumerate(found) if width > least[at]), key=found.__getitem__)
        found[widest] -= 1
    return found


def _least(column: Line, width: int) -> int:
    return width if any(_ADDRESS in cell.plain for cell in column) else min(width, _SHORTEST)


def _cut(cell: Text, width: int) -> Text:
    """Leave both ends of a cell; of one with wide characters, the beginning."""
    if cell.cell_len <= width:
        return cell
    if cell.cell_len == len(cell.plain):
        end = (width - 1) // 2
        return Text(f"{cell.plain[: width - 1 - end]}…{cell.plain[-end:]}", cell.style)
    return _ended(cell, width)


def _ended(cell: Text, width: int) -> Text:
    cell.truncate(width, overflow="ellipsis")
    return cell
