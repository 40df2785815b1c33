"""Finds handlers that hang, and tells of each once, with the stack of its thread.

Workers flow in with the time; a hung one is marked, and no longer counts among those that there may be.
"""

import logging
import sys
import traceback
from collections.abc import Iterable

from actors.engine.worker import Worker

PERIOD = 1.0  # seconds between two looks

log = logging.getLogger(__name__)


class Watchdog:
    """Used by one thread; times are monotonic seconds."""

    def __init__(self) -> None:
        self._next = 0.0
        self.found = 0

    def look(self, workers: Iterable[Worker], now: float) -> None:
        """Mark what hangs, if the last look was long enough ago."""
        if now < self._next:
            return
        self._next = now + PERIOD
        for worker in workers:
            if not worker.hung and worker.is_overdue(now):
                worker.hung = True
                self.found += 1
                log.error("%s hangs, for %.0f s by now, in\n%s", worker.running, now - worker.since, _stack(worker))


def _stack(worker: Worker) -> str:
    frame = sys._current_frames().get(worker.thread.ident or 0)
    return "".join(traceback.format_stack(frame)) if frame else "a thread that has ended"
