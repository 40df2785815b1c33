"""The stable addresses of one service: what the runtime was asked for and told, so that it is told only what is new.

In: the ports that the service has now, and where its addresses lead. Out: `WiredPort`s; orders to the runtime.
"""

from collections.abc import Sequence

from orchestrator.domain.wire import WiredPort
from orchestrator.runtimes import Runtime


class StableAddresses:
    """Used by one actor only."""

    def __init__(self, runtime: Runtime, environment: str, service: str) -> None:
        self._runtime, self._environment, self._service = runtime, environment, service
        self._known: dict[int, WiredPort] = {}
        self._target: str | None = None

    def ports(self, numbers: Sequence[tuple[str, int]]) -> tuple[WiredPort, ...]:
        """Give the address of each (port name, port); those of ports that are gone are forgotten."""
        ports = tuple(self._port(name, number) for name, number in numbers)
        self._known = {port.number: port for port in ports}
        return ports

    def lead(self, target: str | None) -> bool:
        """Lead the addresses to another environment's service, or nowhere; tells whether that is new."""
        if target == self._target:
            return False
        self._runtime.route(self._environment, self._service, target)
        self._target = target
        return True

    def _port(self, name: str, number: int) -> WiredPort:
        known = self._known.get(number)
        if known:
            return WiredPort(name, number, known.host, known.port)
        address = self._runtime.address(self._environment, self._service, number)
        return WiredPort(name, number, address.host, address.port)
