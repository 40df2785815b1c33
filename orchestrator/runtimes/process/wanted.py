"""What the client wants of its runner, so that a new runner can be told everything again.

In: the orders as they are given, and what became Ready. Out: the same wish as a list of orders.
"""

from dataclasses import dataclass, field

from orchestrator.runtimes.process.launch import Launch
from orchestrator.runtimes.process.wire import Apply, Order, Route
from orchestrator.runtimes.succession import Key


@dataclass(slots=True)
class Wish:
    """The releases of one service: `settled` was Ready once, `newest` is the one that was applied last."""

    newest: Launch
    settled: Launch | None = None

    def orders(self) -> tuple[Order, ...]:
        """Say it again: what served, serves; what is newer follows."""
        served = (Apply(self.settled, settled=True),) if self.settled else ()
        same = self.settled is not None and self.settled.release == self.newest.release
        return served if same else (*served, Apply(self.newest))


@dataclass(slots=True)
class Wanted:
    """Wishes and routes by (environment, service)."""

    wishes: dict[Key, Wish] = field(default_factory=dict)
    routes: dict[Key, str | None] = field(default_factory=dict)

    def follow(self, launch: Launch) -> None:
        """Note the newest release of a service."""
        key = (launch.environment, launch.service)
        known = self.wishes.get(key)
        self.wishes[key] = Wish(launch, known.settled if known else None)

    def settle(self, key: Key, release: int) -> None:
        """Note that a release became Ready."""
        known = self.wishes.get(key)
        if known and known.newest.release == release:
            known.settled = known.newest

    def forget(self, environment: str) -> None:
        """Drop what belongs to an environment."""
        self.wishes = {key: wish for key, wish in self.wishes.items() if key[0] != environment}
        self.routes = {key: target for key, target in self.routes.items() if key[0] != environment}

    def routed(self, environment: str) -> tuple[str, ...]:
        """Name the services of an environment that have a route."""
        there = (key for key, target in self.routes.items() if key[0] == environment and target is not None)
        return tuple(sorted(service for _, service in there))

    def numbers(self, key: Key) -> frozenset[int]:
        """Name the releases of a service that are still wanted."""
        known = self.wishes.get(key)
        return frozenset(launch.release for launch in (known.newest, known.settled) if launch) if known else frozenset()

    def orders(self) -> tuple[Order, ...]:
        """Say everything again."""
        routes = tuple(Route(*key, target) for key, target in self.routes.items())
        return (*routes, *(order for wish in self.wishes.values() for order in wish.orders()))
