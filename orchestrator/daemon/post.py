"""Lets parts that were built before the actor system send to it: the store its answers, the runtime what it observes.

In: calls from those parts' own threads. Out: messages to actors, from when the system is there until it ends: before,
nothing can be due; later, nobody is there who would hear it.
"""

from thespian.actors import ActorAddress, ActorSystem

from orchestrator.domain.status import Observation


class Post:
    """The way from a port's thread into the actor system."""

    def __init__(self) -> None:
        self._system: ActorSystem | None = None
        self._root: ActorAddress | None = None

    def open(self, system: ActorSystem, root: ActorAddress) -> None:
        """Deliver to this system from now on; observations go to its root."""
        self._system, self._root = system, root

    def close(self) -> None:
        """Deliver nothing more."""
        self._system = None

    def deliver(self, address: object, message: object) -> None:
        """Send a message to an actor."""
        system = self._system
        if system and isinstance(address, ActorAddress):
            system.tell(address, message)

    def observe(self, observation: Observation) -> None:
        """Send an observation to the root."""
        self.deliver(self._root, observation)
