"""A thread that runs what it is given, and what it is doing at the moment.

The scheduler gives work; the monitor and snapshots read `running` and `since` from other threads.
"""

import logging
from collections.abc import Callable
from threading import Lock, Thread, local
from time import monotonic
from typing import Protocol

HUNG_AFTER = 60.0  # seconds that a message may last before it counts as hung

_here = local()

log = logging.getLogger(__name__)


class Runnable(Protocol):
    """Work that may take several turns; it queues itself again if some is left, and counts as hung after a while."""

    @property
    def hung_after(self) -> float:
        """Seconds that one message may last."""

    def run(self, worker: "Worker") -> None:
        """Do one turn of the work."""


class Worker:
    """One thread; `detached` means that it is busy for long and another has taken its place.

    `expected` is how long its message said that it may last; `hung` means that it lasts longer than it may.
    """

    __slots__ = ("_wake", "detached", "expected", "hung", "release", "running", "since", "thread")

    def __init__(self, serve: Callable[["Worker"], None], release: Callable[["Worker"], None], name: str) -> None:
        self.running: Runnable | None = None
        self.since = 0.0
        self.detached = False
        self.expected = 0.0
        self.hung = False
        self.release = release
        self._wake = Lock()
        self._wake.acquire()
        self.thread = Thread(target=self._main, args=(serve,), name=name, daemon=True)

    def run(self, work: Runnable) -> None:
        """Do one turn of the work."""
        self.since = monotonic()
        self.expected = 0.0
        self.running = work
        try:
            work.run(self)
        finally:
            self.running = None
            if self.hung:
                self.hung = False
                log.warning("%s goes on after %.0f s", work, monotonic() - self.since)

    def is_overdue(self, now: float) -> bool:
        """Tell whether its message lasts longer than it may."""
        work = self.running
        return work is not None and now - self.since > max(work.hung_after, self.expected)

    def sleep(self, seconds: float) -> bool:
        """Wait to be woken; False when nobody did in time."""
        return self._wake.acquire(timeout=seconds)

    def wake(self) -> None:
        """End its sleep, or its next one; from any thread."""
        self._wake.release()

    def _main(self, serve: Callable[["Worker"], None]) -> None:
        _here.worker = self
        serve(self)


def expect_blocking(seconds: float = 0.0) -> None:
    """Hand this worker's place to another before a wait of at most so many seconds, which others then do not notice.

    A hint for handlers: without it the engine finds out by itself within some milliseconds. No effect elsewhere.
    """
    worker = getattr(_here, "worker", None)
    if worker is not None:
        worker.expected = seconds
        worker.release(worker)
