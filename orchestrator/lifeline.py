"""A lifeline: a pipe whose one end only the keeper of a process holds; it is cut when the keeper ends, however it ends.

In: the keeper makes one and starts the process with its environment and descriptor. Out: the process reads the end of
the file when it shall stop.
"""

import os
import stat
from collections.abc import Mapping

_VARIABLE = "ANABRANCH_LIFELINE"


class Lifeline:
    """The keeper's side; `descriptor` is what the kept process must inherit."""

    def __init__(self) -> None:
        self.descriptor, self._ours = os.pipe()

    def environment(self, environ: Mapping[str, str]) -> dict[str, str]:
        """Add to an environment where the lifeline is."""
        return {**environ, _VARIABLE: str(self.descriptor)}

    def cut(self) -> None:
        """Tell whoever holds on to it to stop."""
        os.close(self._ours)

    def close(self) -> None:
        """Give back the kept side's end, once nothing is started any more."""
        os.close(self.descriptor)


def held(environ: Mapping[str, str]) -> int | None:
    """Find the lifeline that this process was given; None when there is none."""
    text = environ.get(_VARIABLE, "")
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        return None
    try:
        kind = os.fstat(int(text)).st_mode
    except OSError:
        return None
    return int(text) if stat.S_ISFIFO(kind) else None
