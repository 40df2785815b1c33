"""How far a long run is: a line now and then on standard error, so that nobody wonders whether it still runs."""

import sys
import time

EVERY_SECONDS = 10.0


class Progress:
    """Tells of one program, by its `name`."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._began = self._told = time.monotonic()

    def tell(self, what: str) -> None:
        """Print what was reached and after how long, unless that was done a moment ago."""
        now = time.monotonic()
        if now - self._told >= EVERY_SECONDS:
            self._told = now
            print(f"{self._name}: {what}, {now - self._began:.0f} s", file=sys.stderr, flush=True)
