"""A queue of messages with one turn: whoever holds the turn handles them, one at a time, in order.

Messages flow in from any thread; a mailbox with messages queues itself for a worker, which hands them to `receive`.
Each keeps the trace in which it was sent. While there is a `pause`, that has the turn.
"""

from collections import deque
from threading import Lock
from time import monotonic

from thespian.actors import ActorAddress, ActorExitRequest

from actors.engine.pause import Pause
from actors.engine.scheduler import Scheduler
from actors.engine.timing import QUICK, Timing
from actors.engine.trace import adopt, current_trace, traced
from actors.engine.worker import Worker

TURN = 64  # messages before others get their turn


class Mailbox:
    """The queue; subclasses say what a message means and where it goes once the mailbox is closed."""

    __slots__ = ("_messages", "_scheduler", "_timing", "_turn", "busy", "closed", "pause")

    def __init__(self, scheduler: Scheduler, timing: Timing | None = None) -> None:
        self._scheduler = scheduler
        self._timing = timing or Timing()
        self._messages: deque[tuple[object, ActorAddress, str]] = deque()
        self._turn = Lock()
        self.pause: Pause | None = None
        self.busy = 0.0
        self.closed = ""

    @property
    def length(self) -> int:
        """How many messages wait."""
        return len(self._messages)

    def receive(self, message: object, sender: ActorAddress, now: float) -> None:
        """Handle one message; called by the holder of the turn, `now` on the monotonic clock."""
        raise NotImplementedError

    def bounce(self, message: object, sender: ActorAddress) -> None:
        """Say where a message goes that nobody will handle; `closed` is the reason."""
        raise NotImplementedError

    def post(self, message: object, sender: ActorAddress) -> None:
        """Append a message; the closing side drains after it closed, so none is lost between the two."""
        self._messages.append((message, sender, current_trace()))
        if self.pause is not None and isinstance(message, ActorExitRequest):
            self.resume()
        if self.closed:
            self._drain()
        elif self._turn.acquire(blocking=False):
            self._scheduler.put(self)

    def run(self, worker: Worker) -> None:
        """Handle up to `TURN` messages, fewer when the worker has been replaced meanwhile."""
        began = since = worker.since
        quick, slow, keeps = 0, 0.0, False
        for _ in range(TURN):
            pause = self.pause
            keeps = pause is not None and pause.stops()
            if keeps:
                break
            try:
                message, sender, trace = self._messages.popleft()
            except IndexError:
                break
            if trace is not current_trace():
                adopt(trace)
            worker.since = since
            self.receive(message, sender, since)
            now = monotonic()
            if now - since < QUICK:
                quick += 1
            else:
                slow += now - since
                self._timing.add(now - since)
            since, keeps = now, self.closed != ""
            if keeps or worker.detached:
                break
        self.busy += since - began
        self._timing.add_quick(quick, since - began - slow)
        if not keeps:
            self._pass_turn()

    def hold(self) -> None:
        """Let all messages wait, from the next one on; from any thread."""
        self.pause = self.pause or Pause(lambda: self._scheduler.put(self))

    def resume(self) -> None:
        """End the pause, if there is one; a request to exit does it, too."""
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
