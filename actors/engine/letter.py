"""One message that nobody handled, as it is kept for a person who asks why, and perhaps sends it again."""

from dataclasses import dataclass

from thespian.actors import ActorAddress


@dataclass(frozen=True, slots=True)
class Letter:
    """`at` in seconds since the epoch; `failure` says what a `poison` message did; addresses hold no actor alive."""

    number: int
    at: float
    reason: str
    failure: str
    target: ActorAddress
    message: object
    sender: ActorAddress
    trace: str
