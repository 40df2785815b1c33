"""Make the objects of one scope match what is wanted, with one request for each that differs.

In: the objects that a service, or an environment itself, should have. Out: requests, in stages: the names of new
objects written down first, what is no longer wanted deleted last, in reverse. Raises what the API raises; nothing is
deleted unless everything was applied.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from orchestrator.runtimes.kubernetes import labels
from orchestrator.runtimes.kubernetes.api import Api
from orchestrator.runtimes.kubernetes.drift import pruned, seen_through
from orchestrator.runtimes.kubernetes.inventory import Inventory
from orchestrator.runtimes.kubernetes.kinds import KINDS, NAMESPACE, POD, SECRET, Key, Object, key_of, path_of
from orchestrator.runtimes.kubernetes.live import Live
from orchestrator.runtimes.kubernetes.unseen import Unseen


@dataclass(frozen=True, slots=True)
class Converger:
    """Compares with what is live, so that an object which is as asked costs no request."""

    api: Api
    live: Live
    inventory: Inventory
    unseen: Unseen
    accepted: dict[Key, Object]
    """How an object looked when it was as asked: amounts that the API writes in another way are no drift."""

    def converge(
        self, environment: str, service: str, wanted: Sequence[Object], acting_as: str = ""
    ) -> tuple[str, ...]:
        """Apply what differs of the sealed objects, then delete what we made in this scope and nobody wants.

        Names what was written.
        """
        changed = [thing for thing in wanted if not self._as_asked(thing)]
        keep = {key_of(thing) for thing in wanted}
        surplus = [thing for thing in self.live.of(environment, service) if self._is_surplus(environment, thing, keep)]
        surplus += self.unseen.surplus(environment, service, keep)
        within = [key_of(thing) for thing in changed if thing["kind"] != NAMESPACE.name]
        if within:
            self.inventory.add(environment, within)
        for thing in sorted(changed, key=lambda thing: KINDS[thing["kind"]].stage):
            self._apply(thing, acting_as)
        for thing in sorted(surplus, key=lambda thing: -KINDS[thing["kind"]].stage):
            self.api.delete(thing, acting_as)
            self.accepted.pop(key_of(thing), None)
            self.unseen.forget(key_of(thing))
        if surplus:
            self.inventory.drop(environment, [key_of(thing) for thing in surplus])
        return tuple(f"{thing['kind']} {thing['metadata']['name']}" for thing in (*changed, *surplus))

    def forget(self, namespace: str) -> None:
        """Drop what is remembered of a namespace that is gone."""
        for key in [key for key in self.accepted if namespace in (key[1], key[2])]:
            self.accepted.pop(key, None)
        for key in [key for key in self.unseen.made if namespace == key[1]]:
            self.unseen.forget(key)

    def _as_asked(self, thing: Object) -> bool:
        if thing["kind"] == SECRET.name:
            return self.unseen.is_there(thing)
        live = self.live.get(key_of(thing))
        if live is None or "deletionTimestamp" in live["metadata"]:
            return False
        if labels.annotation(live, labels.ASKED) != labels.annotation(thing, labels.ASKED):
            return False
        accepted = self.accepted.get(key_of(thing))
        if accepted is live:
            return True
        settled = accepted is not None and _lasting(accepted) == _lasting(live)
        as_asked = settled or _still_says(thing, live, accepted)
        if as_asked:
            self.accepted[key_of(thing)] = live
        return as_asked

    def _is_surplus(self, environment: str, thing: Object, keep: set[Key]) -> bool:
        key, gone = key_of(thing), "deletionTimestamp" in thing["metadata"]
        return not gone and key not in keep and key[0] != POD.name and self.inventory.holds(environment, key)

    def _apply(self, thing: Object, acting_as: str) -> None:
        live = self.api.apply(path_of(key_of(thing)), thing, acting_as)
        if thing["kind"] == SECRET.name:
            self.unseen.note(thing)
            return
        self.live.put(live)
        self.accepted[key_of(thing)] = live


def _still_says(thing: Object, live: Object, accepted: Object | None) -> bool:
    shown = seen_through(thing, live)
    return shown == pruned(thing) or (accepted is not None and shown == seen_through(thing, accepted))


def _lasting(live: Object) -> Object:
    """Give of an object what only writes of its fields change, which most events of it are not."""
    metadata = {name: value for name, value in live["metadata"].items() if name != "resourceVersion"}
    return {**{name: value for name, value in live.items() if name != "status"}, "metadata": metadata}
