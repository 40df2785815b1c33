"""Finds workers that are stuck in one message, so that others take their place.

It looks every few milliseconds while something runs, every second while everything that runs is stuck, and sleeps
without a timer while nothing runs.
"""

from threading import Event, Thread
from time import monotonic, process_time
from typing import Protocol

TICK = 0.005  # seconds between looks; a message that lasts longer blocks its worker
PATIENCE = 10  # ticks that a message may last while the process computes: it may only wait for its turn
QUIET = 20  # looks without anything running before it sleeps


class Watched(Protocol):
    """What the monitor needs of the scheduler."""

    def replace_stalled(self, older_than: float, computing: bool) -> bool:
        """Replace workers whose message began before that time; tell whether anything runs."""

    def watch(self, now: float) -> float | None:
        """Tell of what hangs; return the seconds after which to look again, None for never."""

    def is_busy(self) -> bool:
        """Tell whether anything runs or waits."""


class Monitor:
    """One thread; a worker that takes work while it is `asleep` wakes it."""

    def __init__(self, watched: Watched) -> None:
        self._watched = watched
        self._alarm = Event()
        self._stopping = False
        self.asleep = False
        self.thread = Thread(target=self._run, name="engine-monitor", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self.thread.start()

    def wake(self) -> None:
        """Look again every few milliseconds."""
        self._alarm.set()

    def stop(self) -> None:
        """End the thread soon."""
        self._stopping = True
        self._alarm.set()

    def _run(self) -> None:
        quiet = 0
        while not self._stopping:
            quiet = 0 if self._look() else quiet + 1
            if quiet > QUIET:
                self._sleep()
                quiet = 0

    def _look(self) -> bool:
        began, used = monotonic(), process_time()
        if self._alarm.wait(TICK):
            self._alarm.clear()
        now = monotonic()
        self._watched.watch(now)
        computing = process_time() - used > (now - began) / 2
        return self._watched.replace_stalled(now - TICK * (PATIENCE if computing else 1), computing)

    def _sleep(self) -> None:
        self.asleep = True
        while not self._stopping and not self._watched.is_busy():
            if self._alarm.wait(self._watched.watch(monotonic())):
                break
        self.asleep = False
