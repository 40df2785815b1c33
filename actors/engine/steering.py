"""What a person may do to single actors of a running system, from any thread, without asking the actors.

In: an ActorSystem or its base, and an actor's address as text. Raises LookupError when nobody is there.
"""

from typing import Any

from thespian.actors import ActorAddress

from actors.engine.cell import Cell
from actors.engine.letter import Letter
from actors.engine.supervised_cell import SupervisedCell
from actors.engine.supervision import RestartRequest
from actors.engine.system import Engine, engine_of
from actors.engine.trace import traced


def pause(system: Any, address: str) -> None:
    """Let an actor handle nothing more once its present message is done; a request to exit ends the pause."""
    _cell(engine_of(system), address).hold()


def resume(system: Any, address: str) -> bool:
    """End a pause; tell whether there was one."""
    cell = _cell(engine_of(system), address)
    paused = cell.pause is not None
    cell.resume()
    return paused


def step(system: Any, address: str) -> str:
    """Let a paused actor handle one message; return the name of its type, empty when it is not paused or none waits."""
    cell = _cell(engine_of(system), address)
    paused, waiting = cell.pause, cell.waiting()
    if paused is None or not waiting:
        return ""
    paused.step()
    return type(waiting[0][0]).__name__


def restart(system: Any, address: str) -> None:
    """Let a supervised actor begin anew once what waits before this request is handled; its children end.

    Raises ValueError when its class has no rules for that.
    """
    cell = _cell(engine_of(system), address)
    if not isinstance(cell, SupervisedCell):
        raise ValueError(f"{cell} is not supervised")
    cell.post(RestartRequest(), cell.address)


def replay(system: Any, number: int, target: str = "") -> Letter:
    """Send a dead letter again, in its trace: to its target, or to another that has taken its place.

    It is kept no longer then; if nobody handles it this time either, it is a new one.
    """
    engine = engine_of(system)
    letter = engine.dead_letters.find(number)
    cell = _cell(engine, target or letter.target.actorAddressString)
    engine.dead_letters.drop(number)
    place = engine.registry.find(letter.sender)
    with traced(letter.trace):
        cell.post(letter.message, place.address if place else letter.sender)
    return letter


def _cell(engine: Engine, address: str) -> Cell:
    found = engine.registry.find(ActorAddress(address))
    if not isinstance(found, Cell):
        raise LookupError(f"no actor at {address}")
    return found
