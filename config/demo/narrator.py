"""What the demo prints: chapters with ticks and timings, and every command as a person would type it.

In: what happens. Out: lines on stdout; colour only on a terminal.
"""

import shlex
import sys
import time
from collections.abc import Sequence


class Narrator:
    """Tells a story of so many chapters."""

    def __init__(self, chapters: int) -> None:
        self._chapters = chapters
        self._chapter = 0
        self._colour = sys.stdout.isatty()
        self._begun = self._last = time.monotonic()

    def chapter(self, title: str) -> None:
        """Begin the next chapter."""
        self._chapter += 1
        self._last = time.monotonic()
        self._print("\n" + self._paint("1", f"[{self._chapter}/{self._chapters}] {title}"))

    def command(self, words: Sequence[str], then: str = "", **variables: str) -> None:
        """Show a command before it runs, with the variables before it and where its output goes."""
        before = [f"{name}={shlex.quote(value)}" for name, value in variables.items()]
        self._print(self._paint("36", " ".join(["  $", *before, shlex.join(words), then]).rstrip()))

    def output(self, text: str) -> None:
        """Show what a command printed."""
        for line in text.splitlines():
            self._print(f"    {line}")

    def tick(self, text: str) -> None:
        """Say what holds now, and how long it took since the last tick."""
        now = time.monotonic()
        self._print(f"  {self._paint('32', '✓')} {text} ({now - self._last:.1f} s)")
        self._last = now

    def cross(self, text: str) -> None:
        """Say what does not hold."""
        self._print(f"  {self._paint('31', '✗')} {text}")

    def end(self, text: str) -> None:
        """Say how it ended."""
        self._print(f"\n{text} ({time.monotonic() - self._begun:.1f} s)")

    def say(self, text: str) -> None:
        """Say anything else."""
        self._print(f"  {text}")

    def _paint(self, code: str, text: str) -> str:
        return f"\033[{code}m{text}\033[0m" if self._colour else text

    def _print(self, text: str) -> None:
        print(text, flush=True)
