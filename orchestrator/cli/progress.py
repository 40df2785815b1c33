"""What is being done and how long already, on stderr: one moving line on a terminal, elsewhere a line for each step."""

import shutil
import sys
import time

from orchestrator.cli.times import lasting
from orchestrator.domain.text import printable

_LONGEST_STEP = 500
_START_OF_LINE = "\r\x1b[K"


class Progress:
    """Says steps; use it as a context, so that the moving line is gone when something else is printed."""

    def __init__(self) -> None:
        self._moving = sys.stderr.isatty()
        self._started = time.monotonic()
        self._said = ""

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *_: object) -> None:
        if self._moving:
            print(_START_OF_LINE, end="", file=sys.stderr, flush=True)

    def say(self, step: str) -> None:
        """Show a step; the same again only moves the time on."""
        shown = printable(step, _LONGEST_STEP)
        if self._moving:
            line = f"{shown} ({self.lasted()})"[: shutil.get_terminal_size().columns - 1]
            print(f"{_START_OF_LINE}{line}", end="", file=sys.stderr, flush=True)
        elif shown != self._said:
            print(shown, file=sys.stderr, flush=True)
        self._said = shown

    def lasted(self) -> str:
        """Say how long it takes already."""
        return lasting(time.monotonic() - self._started)
