"""Where a message can go: the protocol of every receiver, and the address that leads straight to one.

Addresses flow into messages and come back as senders; a pickled one returns as a plain address and is found by name.
"""

from itertools import count
from typing import Protocol, SupportsIndex

from thespian.actors import ActorAddress

SYSTEM = ActorAddress("/ActorSys")  # fixed by Thespian

_numbers = count(1)


class Place(Protocol):
    """An actor, an external endpoint, or the system itself."""

    address: ActorAddress

    def post(self, message: object, sender: ActorAddress) -> None:
        """Take a message, from any thread, without waiting."""


class LocalAddress(ActorAddress):
    """An address with a direct reference to its place; its name is never used again in this process."""

    __slots__ = ("_aaddr", "place")

    def __init__(self, place: Place, kind: str = "A") -> None:
        super().__init__(f"/{kind}{next(_numbers)}")
        self.place = place

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, ActorAddress) and bool(self._aaddr == other.addressDetails))

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = None

    def __reduce_ex__(self, protocol: SupportsIndex) -> tuple[type[ActorAddress], tuple[str]]:
        return ActorAddress, (str(self._aaddr),)
