"""What a parent remembers of a child, so that it can make it again."""

from collections.abc import Hashable
from dataclasses import dataclass

from thespian.actors import Actor, ActorAddress


@dataclass(slots=True)
class Child:
    """A child actor: how to make it again, and how many messages it was sent since it was made.

    `losses` counts the recent ones, the last of them at `lost_at` of the monotonic clock. `stopped_for` is who wants
    it not to be made again for now.
    """

    key: Hashable
    kind: type[Actor]
    start: object
    address: ActorAddress
    sent: int = 0
    losses: int = 0
    lost_at: float = 0.0
    stopped_for: ActorAddress | None = None
