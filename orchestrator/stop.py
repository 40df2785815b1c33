"""SIGTERM and SIGINT, whenever and however often they come.

In: signals to this process. Out: the end of `wait`. A `SimpleQueue` is filled, since a handler may interrupt itself:
an `Event` that is set while it is being set never comes free again.
"""

import signal
from queue import SimpleQueue


class Stop:
    """Make it in the main thread; `asked` may be read from any."""

    def __init__(self) -> None:
        self.asked = False
        self._signals: SimpleQueue[int] = SimpleQueue()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda number, _frame: self.ask(number))

    def wait(self) -> None:
        """Return once a signal has come, at once when it came before."""
        self._signals.get()

    def ask(self, number: int = 0) -> None:
        """Let the wait end, as a signal does."""
        self.asked = True
        self._signals.put(number)
