"""A thread that runs what it is given, and what it is doing at the moment.

The scheduler gives work; the monitor and snapshots read `running` and `since` from other threads.
"""

from collections.abc import Callable
from threading import Lock, Thread, local
from time import monotonic
from typing import Protocol

HUNG_AFTER = 60.0  # seconds that a message may last before it counts as hung

_here = local()


class Runnable(Protocol):
    """Work that may take several turns; it queues itself again if some is left."""

    def run(self, worker: "Worker") -> None:
        """Do one turn of the work."""


class Worker:
    """One thread; `detached` means that it is busy for long and another has taken its place."""

    __slots__ = ("_wake", "detached", "release", "running", "since", "thread")

    def __init__(self, serve: Callable[["Worker"], None], release: Callable[["Worker"], None], name: str) -> None:
        self.running: Runnable | None = None
        self.since = 0.0
        self.detached = False
        self.release = release
        self._wake = Lock()
        self._wake.acquire()
        self.thread = Thread(target=self._main, args=(serve,), name=name, daemon=True)

    def run(self, work: Runnable) -> None:
        """Do one turn of the work."""
        self.since = monotonic()
        self.running = work
        try:
            work.run(self)
        finally:
            self.running = None

    def sleep(self, seconds: float) -> bool:
        """Wait to be woken; False when nobody did in time."""
        return self._wake.acquire(timeout=seconds)

    def wake(self) -> None:
        """End its sleep, or its next one; from any thread."""
        self._wake.release()

    def _main(self, serve: Callable[["Worker"], None]) -> None:
        _here.worker = self
        serve(self)


def expect_blocking() -> None:
    """Hand this worker's place to another before a long wait, which others then do not notice at all.

    A hint for handlers: without it the engine finds out by itself within some milliseconds. No effect elsewhere.
    """
    worker = getattr(_here, "worker", None)
    if worker is not None:
        worker.release(worker)
