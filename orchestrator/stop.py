"""SIGTERM and SIGINT, whenever and however often they come.

In: signals to this process. Out: the end of `wait`. What waits is a read from a socket: the kernel may give a signal to
any thread, and Python runs handlers in the main thread only, which a lock or a queue would not wake for that.
"""

import signal
import socket
from contextlib import suppress


class Stop:
    """Make it in the main thread, and wait there; `asked` may be read from any."""

    def __init__(self) -> None:
        self.asked = False
        self._told, self._teller = socket.socketpair()
        self._teller.settimeout(0)
        signal.set_wakeup_fd(self._teller.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._ask)

    def wait(self) -> None:
        """Return once a signal has come, at once when it came before."""
        while not self.asked:
            self._told.recv(1)

    def ask(self) -> None:
        """Let the wait end, as a signal does; from any thread."""
        self.asked = True
        with suppress(BlockingIOError):
            self._teller.send(b"\0")

    def _ask(self, *_: object) -> None:
        self.asked = True
