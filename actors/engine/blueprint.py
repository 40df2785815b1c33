"""How one actor is built: its class, what it requires, where its source came from.

A class or its dotted name flows in; out flows an instance, given `capabilities` and `requirements` if it names them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from inspect import signature
from typing import Any
from weakref import WeakKeyDictionary

from thespian.actors import Actor, InvalidActorSpecification
from thespian.system.sourceLoader import loadModuleFromHashSource

_wanted: WeakKeyDictionary[type, frozenset[str]] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class Blueprint:
    """What an actor is made from, kept for as long as it lives."""

    actor_class: type[Actor]
    requirements: Mapping[str, Any] | None = None
    global_name: str | None = None
    source_hash: str | None = None

    def fits(self, capabilities: Mapping[str, Any]) -> bool:
        """Ask the class whether it can run with these capabilities; a failing check means no."""
        check = getattr(self.actor_class, "actorSystemCapabilityCheck", None)
        try:
            return check is None or bool(check(capabilities, self.requirements or {}))
        except Exception:
            return False

    def build(self, capabilities: Mapping[str, Any]) -> Actor:
        """Make the instance; whatever its `__init__` raises passes through."""
        offered = {"capabilities": capabilities, "requirements": self.requirements}
        wanted = _init_arguments(self.actor_class)
        return self.actor_class(**{name: offered[name] for name in wanted})


def resolve_class(actor_class: type[Actor] | str, source_hash: str | None, sources: Mapping[str, bytes]) -> type[Actor]:
    """Find the class that a caller names.

    Raises InvalidActorSpecification (not `module.Class`, or no such class), InvalidActorSourceHash, ImportError.
    """
    found = _named_class(actor_class, source_hash, sources) if isinstance(actor_class, str) else actor_class
    if not isinstance(found, type):
        raise InvalidActorSpecification(actor_class, "not a class")
    return found


def _named_class(name: str, source_hash: str | None, sources: Mapping[str, bytes]) -> Any:
    module, _, class_name = name.rpartition(".")
    if not module:
        raise InvalidActorSpecification(name, "write it as module.Class")
    try:
        if source_hash:
            return loadModuleFromHashSource(source_hash, sources, module, class_name)
        return getattr(import_module(module), class_name)
    except AttributeError as error:
        raise InvalidActorSpecification(name, f"{module} has no {class_name}") from error


def _init_arguments(actor_class: type[Actor]) -> frozenset[str]:
    wanted = _wanted.get(actor_class)
    if wanted is None:
        named = signature(actor_class.__init__).parameters
        wanted = _wanted[actor_class] = frozenset(named) & {"capabilities", "requirements"}
    return wanted
