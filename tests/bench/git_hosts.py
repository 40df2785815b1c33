"""How git hosts send: how often each tries again, after how long, on which answers, and when it gives a hook up.

In: a way to send once, to wait, and to tell the time. Out: the last answer and the number of tries. The policies are
those of the hosts' own documents; `generic` stands for a sender that follows Standard Webhooks.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

SERVER_FAULTS = frozenset(range(500, 600))
NO_ANSWER = 0
SKIPPED = -1


@dataclass(frozen=True, slots=True)
class Policy:
    """`waits` are the seconds before each further try, made only after one of `again_on`.

    After `off_after` failures in a row (0: never) the hook is off for `off_first` seconds, then twice as long each time
    that it fails again, `off_most` at most.
    """

    waits: tuple[float, ...] = ()
    again_on: frozenset[int] = frozenset()
    off_after: int = 0
    off_first: float = 0.0
    off_most: float = 0.0


POLICIES: Mapping[str, Policy] = {
    "github": Policy(),
    "gitlab": Policy(off_after=4, off_first=60, off_most=86_400),
    "gitea": Policy(),
    "forgejo": Policy(),
    "gogs": Policy(),
    "bitbucket-cloud": Policy(waits=(0, 0), again_on=SERVER_FAULTS),
    "bitbucket-server": Policy(off_after=5, off_first=10, off_most=36_000),
    "azure-devops": Policy(waits=(1, 2, 4, 8, 16, 32, 60, 60), again_on=frozenset({408, 502, 503, 504})),
    "generic": Policy(waits=(5, 300, 1800), again_on=SERVER_FAULTS | {NO_ANSWER, 429}),
    "post-receive": Policy(waits=(1, 3), again_on=frozenset({NO_ANSWER, *range(300, 600)})),
}


class Host:
    """One hook at one git host."""

    def __init__(self, policy: Policy, wait: Callable[[float], Awaitable[None]], now: Callable[[], float]) -> None:
        self.failures = 0
        self._policy = policy
        self._wait = wait
        self._now = now
        self._off_until = 0.0
        self._off_next = policy.off_first

    async def deliver(self, post: Callable[[], Awaitable[int]]) -> tuple[int, int]:
        """Send one delivery as the host would; returns the last status and how many tries it took.

        The status is `SKIPPED`, after no try, while the hook is off.
        """
        if self._now() < self._off_until:
            return SKIPPED, 0
        status, tries = await self._try(post), 1
        for seconds in self._policy.waits:
            if status not in self._policy.again_on:
                break
            await self._wait(seconds)
            status, tries = await self._try(post), tries + 1
        return status, tries

    async def _try(self, post: Callable[[], Awaitable[int]]) -> int:
        status = await post()
        if 200 <= status < 300:
            self.failures, self._off_next = 0, self._policy.off_first
            return status
        self.failures += 1
        if self._policy.off_after and self.failures >= self._policy.off_after:
            self._off_until = self._now() + self._off_next
            self._off_next = min(2 * self._off_next, self._policy.off_most)
        return status
