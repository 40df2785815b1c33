"""What has to be looked at again, each thing once however often it is named, by a few threads.

In: names of things, now or after a while. Out: one call for each, never two at once for the same; what is named again
meanwhile is called again afterwards. A call may give way to what is more urgent, for a second at most.
"""

import heapq
import threading
import time
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T", bound=Hashable)

_PATIENCE = 1.0


class WorkQueue(Generic[T]):
    """`work` must not raise; any thread may add, before `start` too. `give_way` may wait for so many seconds."""

    def __init__(self, name: str, work: Callable[[T], None], threads: int, give_way: Callable[[float], None]) -> None:
        self._work, self._give_way = work, give_way
        self._news = threading.Condition()
        self._ready: dict[T, float] = {}
        self._later: list[tuple[float, int, T]] = []
        self._order = 0
        self._busy: set[T] = set()
        self._closed = False
        self._names = [f"{name}-{n}" for n in range(threads)]
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Begin to look, once."""
        self._threads = [threading.Thread(target=self._run, name=name, daemon=True) for name in self._names]
        for thread in self._threads:
            thread.start()

    def add(self, thing: T) -> None:
        """Have a thing looked at."""
        with self._news:
            self._ready.setdefault(thing, time.monotonic())
            if thing not in self._busy:
                self._news.notify()

    def later(self, thing: T, seconds: float) -> None:
        """Have a thing looked at after a while."""
        with self._news:
            self._order += 1
            heapq.heappush(self._later, (time.monotonic() + seconds, self._order, thing))
            self._news.notify()

    def close(self, deadline: float) -> None:
        """Begin nothing more; wait up to so many seconds for what was begun."""
        with self._news:
            self._closed = True
            self._news.notify_all()
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(deadline)

    def _run(self) -> None:
        while (taken := self._take()) is not None:
            thing, since = taken
            self._give_way(since + _PATIENCE - time.monotonic())
            if self._begins(thing):
                self._work(thing)
            with self._news:
                self._busy.discard(thing)
                if thing in self._ready:
                    self._news.notify()

    def _begins(self, thing: T) -> bool:
        """Take what was named again before the look begins for the same; after the end none begins."""
        with self._news:
            self._ready.pop(thing, None)
            return not self._closed

    def _take(self) -> tuple[T, float] | None:
        with self._news:
            while not self._closed:
                self._ripen()
                thing = next((thing for thing in self._ready if thing not in self._busy), None)
                if thing is not None:
                    self._busy.add(thing)
                    return thing, self._ready.pop(thing)
                self._news.wait(self._later[0][0] - time.monotonic() if self._later else None)
        return None

    def _ripen(self) -> None:
        while self._later and self._later[0][0] <= time.monotonic():
            self._ready.setdefault(heapq.heappop(self._later)[2], time.monotonic())
