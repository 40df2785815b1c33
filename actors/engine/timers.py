"""One thread over a heap of wakeups.

Requests flow in from actors; when a time has come, a `WakeupMessage` flows to the actor that asked, from itself. It is
posted under the lock, so that after `cancel` a wakeup is in the mailbox or nowhere.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from heapq import heapify, heappop, heappush
from itertools import count
from math import isnan
from threading import TIMEOUT_MAX, Condition, Thread
from time import monotonic
from typing import Protocol

from thespian.actors import ActorAddress, WakeupMessage
from thespian.system.timing import timePeriodSeconds

from actors.engine.trace import adopt, current_trace


class Sleeper(Protocol):
    """What a timer needs of an actor."""

    address: ActorAddress
    closed: str
    wakeups: int

    def post(self, message: object, sender: ActorAddress) -> None:
        """Take the wakeup."""


@dataclass(frozen=True, slots=True, order=True)
class Wakeup:
    """One request; equal times fire in the order of the requests."""

    due: float
    number: int
    sleeper: Sleeper = field(compare=False)
    message: WakeupMessage = field(compare=False)
    trace: str = field(compare=False)


class Timers:
    """`add` and `forget` from any thread; `start` and `stop` once each."""

    def __init__(self) -> None:
        self._heap: list[Wakeup] = []
        self._numbers = count()
        self._stale = 0
        self._changed = Condition()
        self._stopping = False
        self.thread = Thread(target=self._run, name="engine-timers", daemon=True)

    def start(self) -> None:
        """Begin to fire."""
        self.thread.start()

    def stop(self, seconds: float) -> None:
        """Fire nothing more; wait at most so long for the thread to end."""
        with self._changed:
            self._stopping = True
            self._heap.clear()
            self._changed.notify()
        self.thread.join(seconds)

    def add(self, sleeper: Sleeper, period: timedelta | float, payload: object) -> None:
        """Wake the actor after a period in seconds; ValueError when it is not a number."""
        seconds = timePeriodSeconds(period)
        if isnan(seconds):
            raise ValueError("wakeupAfter: the period is not a number")
        due, message = monotonic() + seconds, WakeupMessage(period, payload)
        wakeup = Wakeup(due, next(self._numbers), sleeper, message, current_trace())
        with self._changed:
            sleeper.wakeups += 1
            heappush(self._heap, wakeup)
            if self._heap[0] is wakeup:
                self._changed.notify()

    def forget(self, sleeper: Sleeper) -> None:
        """Drop what a closed actor asked for; swept out when half of the heap is of that kind."""
        if sleeper.wakeups:
            with self._changed:
                self._stale += sleeper.wakeups
                if self._stale * 2 > len(self._heap):
                    self._heap = [wakeup for wakeup in self._heap if not wakeup.sleeper.closed]
                    heapify(self._heap)
                    self._stale = 0

    def cancel(self, sleeper: Sleeper) -> None:
        """Drop what a living actor asked for until now."""
        with self._changed:
            if sleeper.wakeups:
                self._heap = [wakeup for wakeup in self._heap if wakeup.sleeper is not sleeper]
                heapify(self._heap)
                sleeper.wakeups = 0

    def pending(self, sleeper: Sleeper | None = None) -> tuple[Wakeup, ...]:
        """What will fire, for one actor or for all, soonest first."""
        with self._changed:
            alive = [each for each in self._heap if not each.sleeper.closed]
        return tuple(sorted(each for each in alive if sleeper is None or each.sleeper is sleeper))

    def _run(self) -> None:
        with self._changed:
            while not self._stopping:
                wait = self._heap[0].due - monotonic() if self._heap else TIMEOUT_MAX
                if wait <= 0:
                    wakeup = self._pop()
                    adopt(wakeup.trace)
                    wakeup.sleeper.post(wakeup.message, wakeup.sleeper.address)
                else:
                    self._changed.wait(min(wait, TIMEOUT_MAX))

    def _pop(self) -> Wakeup:
        wakeup = heappop(self._heap)
        if wakeup.sleeper.closed:
            self._stale = max(0, self._stale - 1)
        else:
            wakeup.sleeper.wakeups -= 1
        return wakeup
