"""The stable addresses of one service: what the runtime was asked for and told, so that it is told only what is new.

In: the ports that the service has now, and where its addresses lead. Out: `WiredPort`s; orders to the runtime.
"""

from collections.abc import Sequence

from orchestrator.domain.status import Address
from orchestrator.domain.wire import WiredPort
from orchestrator.runtimes import Runtime


class StableAddresses:
    """Used by one actor only."""

    def __init__(self, runtime: Runtime, environment: str, service: str) -> None:
        self._runtime, self._environment, self._service = runtime, environment, service
        self._known: dict[int, Address] = {}
        self._published = runtime.published(environment, service)
        self._target: str | None = None

    def ports(self, numbers: Sequence[tuple[str, int]]) -> tuple[WiredPort, ...]:
        """Give the address of each (port name, port), the first one published; what is gone is forgotten."""
        self._known = {number: self._address(number) for _, number in numbers}
        return tuple(
            WiredPort(name, number, self._known[number].host, self._known[number].port, "" if at else self._published)
            for at, (name, number) in enumerate(numbers)
        )

    def lead(self, target: str | None) -> bool:
        """Lead the addresses to another environment's service, or nowhere; tells whether that is new."""
        if target == self._target:
            return False
        self._runtime.route(self._environment, self._service, target)
        self._target = target
        return True

    def _address(self, number: int) -> Address:
        return self._known.get(number) or self._runtime.address(self._environment, self._service, number)
