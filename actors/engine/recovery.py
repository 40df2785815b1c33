"""What is remembered of a supervised actor's failures: how often, how long it rests, which message is tried again.

Failures flow in with their time; out flows the pause before the next instance, or that there is none.
"""

import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from thespian.actors import Actor, ActorAddress

from actors.engine.supervision import FailedTooOften, Supervision


@dataclass(frozen=True, slots=True)
class Failed:
    """A message that an instance failed in, and what it raised."""

    message: object
    sender: ActorAddress
    error: Exception
    details: str

    @property
    def reason(self) -> str:
        """The error's type; its text is in the log only, since it may hold secrets, unless it is the engine's own."""
        name = type(self.error).__name__
        return f"{name}: {self.error}" if isinstance(self.error, FailedTooOften) else name


class Recovery:
    """Used by the holder of the actor's turn; times are monotonic seconds, `chance` gives 0 to 1."""

    def __init__(self, rules: Supervision, chance: Callable[[], float] = random.random) -> None:
        self.rules = rules
        self._chance = chance
        self.restarts = 0
        self.reason = ""
        self.before: Actor | None = None
        self.pause = 0.0
        self.until = 0.0
        self.begun = 0.0
        self._recent: deque[float] = deque()
        self._streak = 0
        self._tries = 0
        self._again: tuple[object, ActorAddress] | None = None

    def rest(self, now: float, reason: str) -> bool:
        """Set `pause` and `until` for a failure at this time; False when it was one too many."""
        rules, recent = self.rules, self._recent
        while recent and now - recent[0] > rules.within:
            recent.popleft()
        self.reason = reason
        if len(recent) >= rules.max_restarts:
            return False
        recent.append(now)
        self._streak = self._streak + 1 if now - self.until <= rules.quiet else 1
        first, last = rules.backoff
        pause = min(last, first * 2.0 ** min(self._streak - 1, 60))
        self.pause = pause * (1 + rules.jitter * (2 * self._chance() - 1))
        self.until = now + self.pause
        self.restarts += 1
        return True

    def begin_again(self, now: float) -> None:
        """Set `pause` and `until` for a new instance that somebody asked for."""
        self.pause, self.until = 0.0, now
        self.restarts += 1

    def keeps(self, failed: Failed) -> bool:
        """Keep a message for the next instance, unless it was given to as many as the rules allow."""
        self._tries += 1
        if self._tries < self.rules.tries:
            self._again = (failed.message, failed.sender)
            return True
        self._tries = 0
        return False

    def take(self) -> tuple[object, ActorAddress] | None:
        """Give what was kept, once."""
        again, self._again = self._again, None
        return again

    def passed(self) -> None:
        """Count the tries of another message from the beginning."""
        self._tries = 0
