"""Every service as it is wanted, and the cluster kept like that.

In: orders, and word from the watches that something moved. Out: requests where something differs, observations. Orders
and word of the same service are taken one after the other. An order is carried out before it returns, unless its
namespace is still being deleted: then it is as soon as that is gone. Nothing is looked at before everything was told:
what is not told yet would be taken for gone. While requests wait for their turn, a look waits too, for a second.
"""

import logging
import random
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

from orchestrator.domain.status import Health, Observation
from orchestrator.errors import AnabranchError, Permanent, Temporary
from orchestrator.runtimes import Running
from orchestrator.runtimes.kubernetes.api import Api
from orchestrator.runtimes.kubernetes.converge import Converger
from orchestrator.runtimes.kubernetes.copies import Copies
from orchestrator.runtimes.kubernetes.environments import Environments
from orchestrator.runtimes.kubernetes.failure import Dying
from orchestrator.runtimes.kubernetes.fights import Fights
from orchestrator.runtimes.kubernetes.inventory import Inventory
from orchestrator.runtimes.kubernetes.live import Live, Scope
from orchestrator.runtimes.kubernetes.observing import is_observed, observe, runs_already
from orchestrator.runtimes.kubernetes.options import KubernetesOptions
from orchestrator.runtimes.kubernetes.telling import Telling
from orchestrator.runtimes.kubernetes.unseen import Unseen
from orchestrator.runtimes.kubernetes.wish import Rendered, Wish
from orchestrator.runtimes.kubernetes.workqueue import WorkQueue

_LOG = logging.getLogger(__name__)
_THREADS = 4
_SYNC_WITHIN = 30.0
_FIRST_PAUSE, _LONGEST_PAUSE, _HOPELESS_PAUSE = 1.0, 60.0, 300.0
_DYING_PAUSE = 0.5


class Keeping:
    """`say` takes every observation, in order for each service; any thread may call."""

    def __init__(self, api: Api, options: KubernetesOptions, say: Callable[[Observation], None]) -> None:
        self._options = options
        self._lock = threading.Lock()
        self._wishes: dict[Scope, Wish] = {}
        self._routes: defaultdict[str, dict[str, str | None]] = defaultdict(dict)
        self._failures: defaultdict[Scope, int] = defaultdict(int)
        self._fights: Fights[Scope] = Fights()
        self.live = Live(api, options.namespace, self._moved)
        self._telling = Telling(api, self.live, say)
        self._inventory = Inventory(api, self.live, options)
        unseen = Unseen(self.live, self._inventory, options)
        self._converger = Converger(api, self.live, self._inventory, unseen, {})
        self._copies = Copies(api, options, self._renew)
        self._environments = Environments(api, self.live, self._converger, self._copies, options, self._lenders)
        self._queue: WorkQueue[Scope] = WorkQueue("keep", self._look, _THREADS, api.give_way)
        try:
            self.live.start(_SYNC_WITHIN)
        except Permanent:
            self.close(_SYNC_WITHIN)
            raise
        for environment in self.live.inventoried():
            self._queue.add((environment, ""))
        self._queue.start()

    # Orders

    def ensure(self, environment: str, branch: str) -> None:
        """Want an environment, and make it."""
        self._environments.want(environment, branch)
        try:
            self._environments.ensure(environment)
        except Dying:
            self._queue.later((environment, ""), _DYING_PAUSE)

    def remove_environment(self, environment: str) -> None:
        """Want nothing of an environment, and remove it."""
        for scope in self._services(environment):
            with self._wish(scope) as wish:
                self._lead(wish, None)
                wish.end()
        self._environments.remove(environment)

    def follow(self, rendered: Rendered) -> None:
        """Make a release the newest one of its service; one that runs already, from an earlier daemon, serves."""
        release = rendered.release
        with self._wish((release.environment, release.service)) as wish:
            wish.follow(rendered)
            there = self._environments.is_there(release.environment)
            if wish.releases.serving is None and there and runs_already(rendered, self.live):
                wish.promote(rendered)
            self._carry_out(wish)

    def end(self, environment: str, service: str) -> None:
        """Want no release of a service any more."""
        with self._wish((environment, service)) as wish:
            wish.end()
            self._carry_out(wish)

    def lead(self, environment: str, service: str, target: str | None) -> None:
        """Say where the name of a service leads without a Ready release of its own."""
        with self._wish((environment, service)) as wish:
            self._lead(wish, target)
            self._carry_out(wish)

    def routes(self, environment: str) -> dict[str, str | None]:
        """Tell where names lead without a release; what was not said yet is as it is in the cluster."""
        with self._lock:
            said = dict(self._routes.get(environment, {}))
        return self.live.targets(environment) | said

    def running(self) -> tuple[Running, ...]:
        """Tell what runs of all that was applied."""
        with self._lock:
            wishes = [wish for _, wish in sorted(self._wishes.items())]
        return tuple(running for wish in wishes for running in _running(wish))

    def again(self) -> None:
        """Look at once at what failed, for the cluster can be reached again."""
        self.live.hurry()
        for scope in tuple(self._failures):
            self._failures.pop(scope, None)
            self._queue.add(scope)

    def close(self, deadline: float) -> None:
        """Look at nothing any more."""
        self._copies.close()
        self.live.close()
        self._queue.close(deadline)

    def _lead(self, wish: Wish, target: str | None) -> None:
        wish.lead(target)
        with self._lock:
            self._routes[wish.environment][wish.service] = target

    def _lenders(self, environment: str) -> set[str]:
        """Name the environments that are borrowed from."""
        return {target for target in self.routes(environment).values() if target}

    def _carry_out(self, wish: Wish) -> None:
        try:
            self._converge(wish)
            self._report_anew(wish)
        except Dying as error:
            self._await(wish, error)
        except Temporary:
            self._failures[wish.environment, wish.service] += 1
            raise

    def _await(self, wish: Wish, error: Dying) -> None:
        """Say what the end of the namespace still waits for, and look again soon."""
        self._telling.complain(wish, Health.PROGRESSING, str(error))
        self._queue.later((wish.environment, wish.service), _DYING_PAUSE)

    # Word from the watches

    def _moved(self, environment: str, service: str) -> None:
        if environment:
            if not service:
                self._environments.moved(environment)
            self._queue.add((environment, service))

    def _renew(self) -> None:
        """Give every environment what is copied into it anew."""
        for environment in self._environments.wanted():
            self._moved(environment, "")

    def _look(self, scope: Scope) -> None:
        """Look at what moved; whatever fails is looked at again after a while."""
        try:
            self._look_at(*scope)
            self._failures.pop(scope, None)
        except Dying:
            self._queue.later(scope, _DYING_PAUSE)
        except Exception as error:
            self._failures[scope] += 1
            pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** min(self._failures[scope], 10))
            permanent = isinstance(error, Permanent)
            self._queue.later(scope, (_HOPELESS_PAUSE if permanent else pause) * random.uniform(0.5, 1))  # noqa: S311
            if not isinstance(error, AnabranchError):
                _LOG.exception("looking at %s:%s failed", *scope)
            elif permanent and scope[1]:
                with self._wish(scope) as wish:
                    self._telling.complain(wish, Health.DEGRADED, str(error))
            else:
                _LOG.warning("%s:%s: %s", *scope, error)

    def _look_at(self, environment: str, service: str) -> None:
        if not service:
            self._look_at_environment(environment)
        elif (environment, service) in self._wishes:
            with self._wish((environment, service)) as wish:
                try:
                    self._repair((environment, service), partial(self._converge, wish))
                    self._report(wish)
                except Dying as error:
                    self._await(wish, error)

    def _look_at_environment(self, environment: str) -> None:
        if self._environments.is_wanted(environment):
            self._repair((environment, ""), partial(self._environments.ensure, environment))
        elif self._environments.end(environment, self._inventory):
            self._forget(environment)
        else:
            self._environments.tell_what_holds(environment)

    def _repair(self, scope: Scope, make: Callable[[], Sequence[str]]) -> None:
        """Put right what others changed; what they change again and again, ever later."""
        if pause := self._fights.pause(scope):
            self._queue.later(scope, pause)
        elif (names := make()) and (times := self._fights.repaired(scope)) > 2:
            _LOG.warning("%s:%s: somebody changes %s again and again, %d times", *scope, ", ".join(names), times)

    def _forget(self, environment: str) -> None:
        self._converger.forget(self._options.namespace_of(environment))
        self._fights.forget((environment, ""))
        with self._lock:
            self._routes.pop(environment, None)
        for scope in self._services(environment):
            self._fights.forget(scope)
            with self._wish(scope) as wish, self._lock:
                if wish.target is None and not wish.releases.members:
                    del self._wishes[scope]

    # Both

    @contextmanager
    def _wish(self, scope: Scope) -> Iterator[Wish]:
        """Hold the wish of a service, the one that counts: it may be forgotten while it is waited for."""
        while True:
            with self._lock:
                wish = self._wishes.get(scope) or Wish(*scope, target=self.live.targets(scope[0]).get(scope[1]))
                self._wishes[scope] = wish
            with wish.lock:
                if self._wishes.get(scope) is wish:
                    yield wish
                    return

    def _services(self, environment: str) -> tuple[Scope, ...]:
        with self._lock:
            return tuple(scope for scope in self._wishes if scope[0] == environment)

    def _converge(self, wish: Wish) -> tuple[str, ...]:
        wanted, environment = wish.wanted(self._options), wish.environment
        if wanted:
            self._environments.want(environment)
            self._environments.ensure(environment)
        elif not self._environments.is_there(environment):
            return ()
        return self._converger.converge(environment, wish.service, wanted, self._acting_as(environment))

    def _acting_as(self, environment: str) -> str:
        namespace, deployer = self._options.namespace_of(environment), self._options.deployer
        return f"system:serviceaccount:{namespace}:{deployer}" if deployer else ""

    def _report_anew(self, wish: Wish) -> None:
        """Tell of the newest release even what was told; what a controller has to see first, the watch will tell."""
        if newest := wish.releases.newest:
            wish.told.pop(newest.release.number, None)
        pending = wish.releases.pending
        if pending is None or is_observed(pending, self.live, self._options):
            self._report(wish)

    def _report(self, wish: Wish) -> None:
        """Tell what is seen of each release; one that is Ready first takes the name over."""
        for rendered in wish.releases.members:
            seen = observe(wish, rendered, self.live, self._options)
            if seen.health is Health.READY and rendered is wish.releases.pending:
                wish.promote(rendered)
                self._converge(wish)
            self._telling.tell(wish, seen)


def _running(wish: Wish) -> tuple[Running, ...]:
    with wish.lock:
        return tuple(
            Running(
                wish.environment,
                wish.service,
                member.release.number,
                seen.health if (seen := wish.told.get(member.release.number)) else Health.PROGRESSING,
                serving=member is wish.releases.serving,
            )
            for member in wish.releases.members
        )
