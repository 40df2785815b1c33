"""What Thespian's `Actor` calls `self._myRef`: the operations that an actor asks of its system.

Calls flow in from handlers, in the actor's own turn; the names are Thespian's.
"""

from collections.abc import Mapping
from datetime import timedelta
from threading import Thread
from typing import TYPE_CHECKING, Any, BinaryIO

from thespian.actors import Actor, ActorAddress

from actors.engine.cell import Cell

if TYPE_CHECKING:
    from actors.engine.system import Engine


class Reference:
    """One for each instance; useless once the actor has ended."""

    __slots__ = ("_cell", "_engine", "address")

    def __init__(self, engine: "Engine", cell: Cell) -> None:
        self._engine = engine
        self._cell = cell
        self.address = cell.address

    @property
    def globalName(self) -> str | None:
        """The actor's name in the whole system, if it has one."""
        return self._cell.blueprint.global_name if self._cell.blueprint else None

    def actor_send(self, target: ActorAddress, message: object) -> None:
        """Send a message."""
        self._engine.send(target, message, self.address)

    def createActor(
        self,
        actor_class: type[Actor] | str,
        requirements: Mapping[str, Any] | None,
        global_name: str | None,
        source_hash: str | None,
    ) -> ActorAddress:
        """Create a child; a failure is a ChildActorExited for the address that is returned."""
        inherited = self._cell.blueprint.source_hash if self._cell.blueprint else None
        return self._engine.create_child(self._cell, actor_class, requirements, global_name, source_hash or inherited)

    def wakeupAfter(self, period: timedelta | float, payload: object) -> None:
        """Send this actor a WakeupMessage later."""
        self._engine.timers.add(self._cell, period, payload)

    def handleDeadLetters(self, _address: ActorAddress, enable: bool) -> None:
        """Begin or cease to be the one that gets dead letters."""
        box = self._engine.dead_letters
        (box.register if enable else box.deregister)(self._cell)

    def registerSourceAuthority(self, address: ActorAddress) -> None:
        """Become the one that decides which sources are loaded."""
        self._engine.sources.set_authority(address)

    def notifyOnSourceAvailability(self, address: ActorAddress, enable: bool) -> None:
        """Begin or cease to hear of loaded and unloaded sources."""
        self._engine.sources.watch(address, enable)

    def notifyOnSystemRegistrationChanges(self, address: ActorAddress, enable: bool) -> None:
        """Do nothing: this system joins no convention."""

    def preRegisterRemoteSystem(self, address: object, capabilities: object) -> None:
        """Do nothing: this system joins no convention."""

    def deRegisterRemoteSystem(self, address: object) -> None:
        """Do nothing: this system joins no convention."""

    def updateCapability(self, name: str, value: object) -> None:
        """Change a capability of the whole system."""
        self._engine.updateCapability(name, value)

    def loadActorSource(self, file: str | BinaryIO) -> str:
        """Offer a source to the authority; return its hash."""
        return self._engine.loadActorSource(file)

    def unloadActorSource(self, source_hash: str) -> None:
        """Take a source away."""
        self._engine.unloadActorSource(source_hash)

    def actorSystemShutdown(self) -> None:
        """Shut the system down, from a thread of its own, since this one belongs to an actor."""
        Thread(target=self._engine.shutdown, name="engine-shutdown", daemon=True).start()
