"""A queue of messages with one turn: whoever holds the turn handles them, one at a time, in order.

Messages flow in from any thread; a mailbox with messages queues itself for a worker, which hands them to `receive`.
Each keeps the trace in which it was sent. A subclass may keep the turn after a message that set `held`, for a rest;
whoever ends that puts the mailbox in the run queue, as does whoever ends a `pause`, or lets a message step through it.
"""

import sys
from abc import ABC, abstractmethod
from collections import deque
from threading import Lock
from time import monotonic

from thespian.actors import ActorAddress, ActorExitRequest, ActorSystemMessage

from actors.engine.pause import Pause
from actors.engine.rest import Rest
from actors.engine.scheduler import Scheduler
from actors.engine.timing import QUICK, Timing
from actors.engine.trace import adopt, current_trace, traced
from actors.engine.worker import HUNG_AFTER, Worker

TURN = 64  # messages before others get their turn
UNLIMITED = sys.maxsize

_pausing = Lock()  # a pause that is replaced unseen would never end


class Mailbox(ABC):
    """The queue; subclasses say what a message means and where it goes once the mailbox is closed."""

    __slots__ = (
        "_messages",
        "_scheduler",
        "_timing",
        "_turn",
        "busy",
        "closed",
        "held",
        "limit",
        "pause",
        "resting",
    )

    def __init__(self, scheduler: Scheduler, limit: int = UNLIMITED, timing: Timing | None = None) -> None:
        self._scheduler = scheduler
        self._timing = timing or Timing()
        self._messages: deque[tuple[object, ActorAddress, str]] = deque()
        self._turn = Lock()
        self.pause: Pause | None = None
        self.busy = 0.0
        self.closed = ""
        self.held = False
        self.limit = limit
        self.resting: Rest | None = None

    @property
    def hung_after(self) -> float:
        """Seconds that a message may last before it counts as hung."""
        return HUNG_AFTER

    @property
    def length(self) -> int:
        """How many messages wait."""
        return len(self._messages)

    @abstractmethod
    def receive(self, message: object, sender: ActorAddress, now: float) -> None:
        """Handle one message; called by the holder of the turn, `now` on the monotonic clock."""

    @abstractmethod
    def bounce(self, message: object, sender: ActorAddress) -> None:
        """Say where a message goes that nobody will handle; `closed` is the reason."""

    @abstractmethod
    def refuse(self, message: object, sender: ActorAddress) -> None:
        """Say where a message goes for which there is no room."""

    def post(self, message: object, sender: ActorAddress) -> None:
        """Append a message; the closing side drains after it closed, so none is lost between the two."""
        if len(self._messages) >= self.limit and not isinstance(message, ActorSystemMessage):
            self.refuse(message, sender)
            return
        self._messages.append((message, sender, current_trace()))
        if self.pause is not None and isinstance(message, ActorExitRequest):
            self.resume()
        if self.closed:
            self._drain()
        elif self._turn.acquire(blocking=False):
            self._scheduler.put(self)
        else:
            rest = self.resting
            if rest is not None:
                rest.disturb(message)

    def run(self, worker: Worker) -> None:
        """Handle some messages, then let others have their turn."""
        if self._handle_some(worker) and not self.closed:
            self._pass_turn()

    def hold(self) -> None:
        """Let all messages wait, from the next one on; from any thread."""
        with _pausing:
            self.pause = self.pause or Pause(lambda: self._scheduler.put(self))

    def resume(self) -> None:
        """End the pause, if there is one; a request to exit does it, too."""
        with _pausing:
            pause, self.pause = self.pause, None
        if pause is not None:
            pause.end()

    def close(self, reason: str) -> None:
        """Close for ever, by the holder of the turn, who keeps it; what waits bounces."""
        self.closed = reason
        self._drain()

    def waiting(self) -> tuple[tuple[object, ActorAddress, str], ...]:
        """Copy what waits, without stopping anybody; a copy disturbed too often is given up as empty."""
        for _ in range(10):
            try:
                return tuple(self._messages)
            except RuntimeError:
                continue
        return ()

    def _handle_some(self, worker: Worker) -> bool:
        """Handle up to `TURN` messages, fewer when the worker has been replaced meanwhile.

        False when a pause came first: another worker may run by then, so nothing may follow.
        """
        pause = self.pause
        if pause is not None and pause.stops():
            return False
        began = since = worker.since
        for _ in range(TURN):
            try:
                message, sender, trace = self._messages.popleft()
            except IndexError:
                break
            if trace is not current_trace():
                adopt(trace)
            worker.since = since
            self.receive(message, sender, since)
            now = monotonic()
            if now - since > QUICK:
                self._timing.add(now - since)
            since = now
            if self.closed or self.held or self.pause is not None or worker.detached:
                break
        self.busy += since - began
        if self.closed:
            self._timing.settle(0, since - began)
        return True

    def _pass_turn(self) -> None:
        if self._messages:
            self._scheduler.put(self)
            return
        self._turn.release()
        if self._messages and self._turn.acquire(blocking=False):
            self._scheduler.put(self)

    def _drain(self) -> None:
        while True:
            try:
                message, sender, trace = self._messages.popleft()
            except IndexError:
                return
            with traced(trace):
                self.bounce(message, sender)
