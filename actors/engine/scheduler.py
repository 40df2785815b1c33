"""The run queue and the workers: one is awake, others only while it blocks.

Runnables flow in through `put`; workers take them in order. With one awake, what was sent first is handled first and
no message pays for a change of threads.
"""

import logging
from collections.abc import Callable
from queue import Empty, SimpleQueue
from threading import Lock, current_thread
from time import monotonic

from actors.engine.monitor import Monitor
from actors.engine.probe import Probe
from actors.engine.watchdog import PERIOD, Watchdog
from actors.engine.worker import Runnable, Worker

LIMIT = 512  # workers in all
LINGER = 5.0  # seconds that a worker without work stays
BURST = 32  # workers woken at once when all before them blocked

log = logging.getLogger(__name__)


class Scheduler:
    """`put(runnable)` from any thread; `start` and `stop` once each."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._queue: SimpleQueue[Runnable | None] = SimpleQueue()
        self.put: Callable[[Runnable], None] = self._queue.put
        self.probe = Probe(self.put)
        self._limit = limit
        self._lock = Lock()
        self._workers: list[Worker] = []
        self._parked: list[Worker] = []
        self._active = 0
        self._burst = 1
        self._started = 0
        self._stopping = False
        self.capped = 0
        self._watchdog = Watchdog()
        self._monitor = Monitor(self)

    def start(self) -> None:
        """Wake the first worker and the monitor."""
        with self._lock:
            self._activate()
        self._monitor.start()

    def stop(self, seconds: float) -> int:
        """End all threads, waiting at most so long; return how many hang in a handler."""
        deadline = monotonic() + seconds
        with self._lock:
            self._stopping = True
            workers = list(self._workers)
            parked, self._parked = self._parked, []
        self._monitor.stop()
        for worker in parked:
            worker.wake()
        for _ in workers:
            self._queue.put(None)
        threads = [self._monitor.thread, *(worker.thread for worker in workers)]
        for thread in threads:
            if thread is not current_thread():
                thread.join(max(0.0, deadline - monotonic()))
        return sum(thread.is_alive() and thread is not current_thread() for thread in threads)

    @property
    def hung(self) -> int:
        """How many handlers were found to hang since the start."""
        return self._watchdog.found

    def workers(self) -> tuple[Worker, ...]:
        """All workers at this moment."""
        with self._lock:
            return tuple(self._workers)

    def replace_stalled(self, older_than: float, computing: bool) -> bool:
        """Detach workers whose message began before that time, and wake others; tell whether anything runs.

        While the process is `computing`, more threads would only share its one lock, so one is woken at a time.
        """
        with self._lock:
            if self._stopping:
                return False
            busy = [worker for worker in self._workers if worker.running is not None and not worker.detached]
            for worker in busy:
                if worker.since < older_than:
                    self._detach(worker)
            if self._queue.empty() or computing:
                self._burst = 1
            if self._active == 0:
                self._wake_others()
            self.probe.launch()
            return bool(busy) or self._active == 0

    def watch(self, now: float) -> float | None:
        """Tell of handlers that hang; return the seconds after which to look again, None when nothing runs."""
        workers = self.workers()
        self._watchdog.look(workers, now)
        return PERIOD if any(w.running is not None and not w.hung for w in workers) else None

    def is_busy(self) -> bool:
        """Whether an active worker runs something, or something waits."""
        return not self._queue.empty() or any(w.running is not None and not w.detached for w in self.workers())

    def _release(self, worker: Worker) -> None:
        with self._lock:
            if not worker.detached and not self._stopping:
                self._detach(worker)
                if self._active == 0:
                    self._activate()

    def _detach(self, worker: Worker) -> None:
        worker.detached = True
        self._active -= 1

    def _wake_others(self) -> None:
        for _ in range(max(1, min(self._burst, self._queue.qsize()))):
            if not self._activate():
                return
        self._burst = min(BURST, self._burst * 2)

    def _activate(self) -> bool:
        if self._parked:
            self._parked.pop().wake()
        elif not self._hire():
            self.capped += 1
            return False
        self._active += 1
        return True

    def _hire(self) -> bool:
        if sum(not worker.hung for worker in self._workers) >= self._limit:
            return False
        self._started += 1
        worker = Worker(self._serve, self._release, f"engine-worker-{self._started}")
        try:
            worker.thread.start()
        except RuntimeError:
            log.warning("no thread for another worker: %d run", len(self._workers))
            return False
        self._workers.append(worker)
        return True

    def _serve(self, worker: Worker) -> None:
        while not self._stopping:
            work = self._take()
            if work is not None:
                self._run(worker, work)
            if not self._stays(worker) and not self._park(worker):
                return

    def _run(self, worker: Worker, work: Runnable) -> None:
        try:
            worker.run(work)
        except BaseException:
            log.exception("the engine itself failed in %s", type(work).__name__)

    def _take(self) -> Runnable | None:
        try:
            work = self._queue.get(self._active == 1)
        except Empty:
            return None
        if self._monitor.asleep:
            self._monitor.wake()
        return work

    def _stays(self, worker: Worker) -> bool:
        if self._active == 1 and not worker.detached:
            return True
        with self._lock:
            if worker.detached:
                worker.detached = False
                self._active += 1
            if self._active == 1 or self._stopping:
                return True
            self._active -= 1
            self._parked.append(worker)
            return False

    def _park(self, worker: Worker) -> bool:
        while not worker.sleep(LINGER):
            with self._lock:
                if worker in self._parked:
                    self._parked.remove(worker)
                    self._workers.remove(worker)
                    return False
        return True
