"""What is wrong in a file that a person wrote, told in one line with the place and the way out.

In: a line, a key path and words that never quote the file's values. Out: lines such as
`web@bugfix score.yaml:12: containers.app.variables.PORT: quote this value, it is not a string`.
"""

from dataclasses import dataclass

from orchestrator.domain.text import printable
from orchestrator.errors import Permanent

Path = tuple[str | int, ...]
"""Keys and list positions from the top of a file down to one value."""

_MOST_LINES = 20


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a file; both count from 1."""

    line: int = 1
    column: int = 1


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong at `path`, on `line` (from 1; 0 means the file as a whole)."""

    line: int
    path: Path
    text: str

    def told(self, file: str, where: str = "") -> str:
        """Write the problem as one line; `where` names the service and branch, if they are known."""
        place = printable(file, 256) + (f":{self.line}" if self.line else "")
        parts = (f"{printable(where, 256)} {place}" if where else place, dotted(self.path), printable(self.text))
        return ": ".join(part for part in parts if part)


class InvalidFile(Permanent):
    """A file that cannot be used: `problems` by line, `lines` the same as text, of many the first 20."""

    def __init__(self, problems: tuple[Problem, ...], file: str, where: str = "") -> None:
        self.problems = tuple(sorted(problems, key=lambda problem: problem.line))
        self.lines = tuple(problem.told(file, where) for problem in self.problems[:_MOST_LINES])
        more = len(self.problems) - 1
        super().__init__(self.lines[0] + (f" ({more} more)" if more else ""))


def dotted(path: Path) -> str:
    """Write a path as `containers.app.command[2]`, in at most 300 visible characters."""
    steps = (f"[{step}]" if isinstance(step, int) else f".{printable(step, 64)}" for step in path)
    return printable("".join(steps).removeprefix("."), 300)
