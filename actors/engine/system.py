"""The system base: what `ActorSystem` calls, and the parts that it is made of.

Calls flow in from outside code and, through references, from actors; the method names are Thespian's.
"""

import logging
import sys
from collections.abc import Callable, Mapping
from datetime import timedelta
from threading import Event, Lock
from time import monotonic, time
from typing import Any, BinaryIO

from thespian.actors import (
    Actor,
    ActorAddress,
    ActorExitRequest,
    ActorSystemFailure,
    ChildActorExited,
    NoCompatibleSystemForActor,
    ThespianGeneration,
)

from actors.engine.address import SYSTEM, LocalAddress, Place
from actors.engine.blueprint import Blueprint, resolve_class
from actors.engine.cell import Cell
from actors.engine.dead_letters import DeadLetters
from actors.engine.endpoint import Endpoint
from actors.engine.guardian import Guardian
from actors.engine.reference import Reference
from actors.engine.registry import Registry
from actors.engine.scheduler import Scheduler
from actors.engine.sources import Sources
from actors.engine.status import actor_status, system_status
from actors.engine.supervised_cell import SupervisedCell
from actors.engine.supervision import SUPERVISION, rules_of
from actors.engine.tally import Tally
from actors.engine.timers import Timers
from actors.engine.timing import Timings

THREAD_GRACE = 1.0  # seconds that idle threads get to end, beyond the patience with actors

log = logging.getLogger(__name__)


class Engine:
    """An in-process Thespian system base; `capabilities` is shared with whoever made it, and filled."""

    def __init__(self, capabilities: dict[str, Any], patience: float, escalated: Callable[[str], None]) -> None:
        self.capabilities = capabilities
        capabilities.update(_own_capabilities())
        self._patience = patience
        self.tally = Tally()
        self.dead_letters = DeadLetters()
        self.scheduler = Scheduler()
        self.timers = Timers()
        self.timings = Timings()
        self.registry = Registry(self.tally)
        self.sources = Sources(lambda target, message: self.send(target, message, SYSTEM))
        self.guardian = Guardian(lambda asker: self.send(asker, system_status(self), SYSTEM), self.sources, escalated)
        self._endpoint = self.external_clone()
        self._stopping = Lock()
        self._stopped = Event()
        self.scheduler.start()
        self.timers.start()

    def tell(self, target: ActorAddress, message: object) -> None:
        """Send a message from the system's own endpoint."""
        self._endpoint.tell(target, message)

    def ask(self, target: ActorAddress, message: object, timeout: timedelta | float | None = None) -> Any:
        """Send a message and wait for the next one from anybody; None when time is over or nobody will handle it."""
        return self._endpoint.ask(target, message, timeout)

    def listen(self, timeout: timedelta | float | None = None) -> Any:
        """Wait for the next message to the system's own endpoint; None when time is over."""
        return self._endpoint.listen(timeout)

    def external_clone(self) -> Endpoint:
        """Make an endpoint for one thread."""
        endpoint = Endpoint(self)
        self.registry.add_endpoint(endpoint)
        return endpoint

    def close_endpoint(self, endpoint: Endpoint) -> None:
        """Forget an endpoint."""
        self.registry.remove_endpoint(endpoint)

    def newPrimaryActor(
        self,
        actor_class: type[Actor] | str,
        requirements: Mapping[str, Any] | None,
        global_name: str | None,
        source_hash: str | None,
    ) -> ActorAddress:
        """Create a top-level actor.

        Raises InvalidActorSpecification, ImportError, NoCompatibleSystemForActor, InvalidActorSourceHash,
        ActorSystemFailure when the system is stopping. A failing `__init__` leaves a dead address.
        """
        if self.guardian.stopping:
            raise ActorSystemFailure("the actor system is shutting down: no new actor")
        return self._create(None, actor_class, requirements, global_name, source_hash)

    def create_child(
        self,
        parent: Cell,
        actor_class: type[Actor] | str,
        requirements: Mapping[str, Any] | None,
        global_name: str | None,
        source_hash: str | None,
    ) -> ActorAddress:
        """Create a child; an exiting parent gets an address and no child, a failure becomes a ChildActorExited."""
        if parent.exiting:
            return self._stillborn(parent)
        try:
            return self._create(parent, actor_class, requirements, global_name, source_hash)
        except Exception:
            log.warning("%s cannot create a child", parent.class_name, exc_info=True)
            address = self._stillborn(parent)
            parent.post(ChildActorExited(address), address)
            return address

    def send(self, target: ActorAddress, message: object, sender: ActorAddress) -> None:
        """Take a message to its place, or to the dead letters."""
        place = target.place if isinstance(target, LocalAddress) else self._find(target)
        if place is None:
            self.dead_letters.post(target, message, sender, "unknown")
        else:
            place.post(message, sender)

    def bounce(self, target: ActorAddress, message: object, sender: ActorAddress) -> None:
        """Take what arrives after its endpoint closed."""
        self.dead_letters.post(target, message, sender, "dead")

    def reference(self, cell: Cell) -> Reference:
        """Make an actor's way to its system."""
        return Reference(self, cell)

    def report(self, cell: Cell, asker: ActorAddress) -> None:
        """Answer a status request for the actor."""
        self.send(asker, actor_status(self, cell), cell.address)

    def bury(self, cell: Cell) -> None:
        """Forget a closed cell everywhere, adopt its children, tell its parent."""
        self.registry.remove(cell)
        self.timings.of(cell.class_name).settle(cell.handled, cell.busy)
        self.dead_letters.deregister(cell)
        self.sources.forget(cell.address)
        self.timers.forget(cell)
        for orphan in cell.children.values():
            self.guardian.adopt(orphan)
        self.guardian.announce_end(cell)

    def updateCapability(self, name: str, value: object = None) -> None:
        """Set a capability, or remove it with None; actors that no longer fit are asked to exit."""
        if value is None:
            self.capabilities.pop(name, None)
        else:
            self.capabilities[name] = value
        for cell in self.registry.cells():
            if cell.blueprint is not None and not cell.blueprint.fits(self.capabilities):
                cell.post(ActorExitRequest(), cell.address)

    def loadActorSource(self, file: str | BinaryIO) -> str:
        """Offer a source to the authority; return its hash. OSError when the file cannot be read."""
        return self.sources.offer(file)

    def unloadActorSource(self, source_hash: str) -> None:
        """Take a source away."""
        self.sources.unload(source_hash)

    def shutdown(self) -> None:
        """Ask all actors to exit, wait at most `patience` seconds, end all threads; once, later calls wait for it."""
        if not self._stopping.acquire(blocking=False):
            self._stopped.wait(self._patience + THREAD_GRACE)
            return
        deadline = monotonic() + self._patience
        for cell in self.registry.cells():
            cell.resume()
        if not self.guardian.dismiss(self._patience):
            log.warning("shutdown does not wait longer: %s", _who(self.registry.cells()))
        self.timers.stop(THREAD_GRACE)
        hanging = self.scheduler.stop(max(THREAD_GRACE, deadline - monotonic()))
        if hanging:
            log.error("%d handlers hang; their threads are left behind", hanging)
        for cell in self.registry.cells():
            cell.close("shutdown")
        self.registry.end_questions()
        self.sources.unload_all()
        self._stopped.set()

    def _create(
        self,
        parent: Cell | None,
        actor_class: type[Actor] | str,
        requirements: Mapping[str, Any] | None,
        global_name: str | None,
        source_hash: str | None,
    ) -> ActorAddress:
        known = self.registry.named(global_name)
        if known is not None:
            return known
        found = resolve_class(actor_class, source_hash, self.sources.loaded)
        blueprint = Blueprint(found, requirements, global_name, source_hash)
        if not blueprint.fits(self.capabilities):
            raise NoCompatibleSystemForActor(actor_class, "No compatible ActorSystem could be found")
        if global_name:
            return self.registry.claim(global_name, lambda: self._settle(blueprint, None))
        return self._settle(blueprint, parent)

    def _settle(self, blueprint: Blueprint, parent: Cell | None) -> ActorAddress:
        rules = rules_of(blueprint.actor_class)
        home = parent or self.guardian
        cell = SupervisedCell(self, blueprint, home, rules) if rules else Cell(self, blueprint, home)
        self.registry.add(cell)
        cell.start()
        if parent is None:
            self.guardian.adopt(cell)
        else:
            parent.children[cell.address.actorAddressString] = cell
        return cell.address

    def _stillborn(self, parent: Cell) -> ActorAddress:
        cell = Cell(self, None, parent)
        cell.close("never-started")
        return cell.address

    def _find(self, address: ActorAddress) -> Place | None:
        return self.guardian if address == SYSTEM else self.registry.find(address)


def engine_of(system: Any) -> Engine:
    """The engine of an ActorSystem, or the one given; TypeError when it is none."""
    engine = getattr(system, "_systemBase", system)
    if not isinstance(engine, Engine):
        raise TypeError(f"not a running system of this engine: {type(engine).__name__}")
    return engine


def _own_capabilities() -> dict[str, Any]:
    return {
        "Python Version": tuple(sys.version_info),
        "Thespian Generation": ThespianGeneration,
        "Thespian Version": str(int(time() * 1000)),
        "Thespian ActorSystem Name": "anabranch",
        "Thespian ActorSystem Version": 1,
        "Thespian Watch Supported": False,
        "AllowRemoteActorSources": "No",
        SUPERVISION: True,
    }


def _who(cells: tuple[Cell, ...]) -> str:
    names = [f"{cell.class_name} at {cell.address.actorAddressString}" for cell in cells]
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
