"""What is told of releases: each observation once, a failure with the last lines of the pod that failed.

In: observations. Out: those that say something new.
"""

from collections.abc import Callable
from dataclasses import replace

from orchestrator.domain.status import Health, Observation
from orchestrator.runtimes.kubernetes.api import Api
from orchestrator.runtimes.kubernetes.live import Live
from orchestrator.runtimes.kubernetes.logs import last_lines
from orchestrator.runtimes.kubernetes.observing import failing_pod
from orchestrator.runtimes.kubernetes.wish import Wish

_TAIL = 20


class Telling:
    """Used while the wish is held; `say` takes every observation that is told."""

    def __init__(self, api: Api, live: Live, say: Callable[[Observation], None]) -> None:
        self._api, self._live, self._say = api, live, say

    def tell(self, wish: Wish, seen: Observation) -> None:
        """Tell what is seen of a release, unless that was told."""
        before = wish.told.get(seen.release)
        if before is not None and replace(before, log_tail=()) == seen:
            return
        if seen.health is Health.DEGRADED and (pod := failing_pod(seen, self._live)):
            seen = replace(seen, log_tail=last_lines(self._api, pod, _TAIL))
        wish.told[seen.release] = seen
        self._say(seen)

    def complain(self, wish: Wish, health: Health, line: str) -> None:
        """Tell of the newest release what stands in its way."""
        if newest := wish.releases.newest:
            self.tell(wish, Observation(wish.environment, wish.service, newest.release.number, health, line))
