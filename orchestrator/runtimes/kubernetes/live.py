"""What is in the cluster of ours, as far as it was told; nothing here asks for anything.

In: the reflectors' changes, and answers to our own writes, which may come before their events. Out: objects by name and
by service; `moved(environment, service)` after each change, the service empty for what is the environment's own. What
tells nothing new, such as the event of a write whose answer is known, is no change.
"""

import threading
from collections import defaultdict
from collections.abc import Callable

from orchestrator.errors import Permanent
from orchestrator.runtimes.kubernetes import labels
from orchestrator.runtimes.kubernetes.api import Api
from orchestrator.runtimes.kubernetes.kinds import (
    CONFIG,
    DEPLOYMENT,
    NAMESPACE,
    POD,
    SERVICE,
    WATCHED,
    Key,
    Kind,
    Object,
    key_of,
)
from orchestrator.runtimes.kubernetes.reflector import Reflector

Scope = tuple[str, str]
"""(environment, service)."""

Moved = Callable[[str, str], None]

_STATUS_MATTERS = frozenset({NAMESPACE.name, DEPLOYMENT.name, POD.name})


class Live:
    """Everything that carries our label; any thread may ask."""

    def __init__(self, api: Api, owner: str, moved: Moved) -> None:
        self._api, self._owner = api, owner
        self._lock = threading.Lock()
        self._objects: dict[Key, Object] = {}
        self._scopes: defaultdict[str, dict[str, set[Key]]] = defaultdict(dict)
        self._moved = moved
        self._reflectors: dict[str, Reflector] = {}

    def start(self, deadline: float) -> None:
        """Begin to follow, and wait until all that is there was told. Raises Permanent after so many seconds."""
        selector = f"{labels.OWNER}={self._owner}"
        for kind in WATCHED:
            self._reflectors[kind.name] = Reflector(self._api, kind, selector, self)
        for reflector in self._reflectors.values():
            if not reflector.synced.wait(deadline):
                raise Permanent(reflector.trouble or f"the apiserver did not tell what is there within {deadline:g} s")

    def get(self, key: Key) -> Object | None:
        """Give one object."""
        with self._lock:
            return self._objects.get(key)

    def of(self, environment: str, service: str) -> tuple[Object, ...]:
        """Give all objects of a service, or with an empty name those of the environment itself, pods left out."""
        with self._lock:
            found = [self._objects[key] for key in sorted(self._keys(environment, service))]
        return tuple(thing for thing in found if thing["kind"] != POD.name)

    def pods(self, environment: str, service: str, release: int | None) -> tuple[Object, ...]:
        """Give the pods of a release, or of all, oldest first."""
        with self._lock:
            found = [self._objects[key] for key in self._keys(environment, service) if key[0] == POD.name]
        return tuple(sorted((pod for pod in found if release in (None, release_of(pod))), key=_age))

    def targets(self, environment: str) -> dict[str, str]:
        """Tell where the names of an environment's services lead, or led before they had a release of their own."""
        with self._lock:
            keys = [key for keys in self._scopes.get(environment, {}).values() for key in keys]
            names = [self._objects[key] for key in keys if key[0] == SERVICE.name]
        led = {labels.label(name, labels.SERVICE): labels.annotation(name, labels.LEADS_TO) for name in names}
        return {service: target for service, target in led.items() if target}

    def inventoried(self) -> tuple[str, ...]:
        """Name the environments that have an inventory."""
        with self._lock:
            configs = [thing for key, thing in self._objects.items() if key[0] == CONFIG.name]
        return tuple(sorted({labels.label(thing, labels.INVENTORY) for thing in configs} - {""}))

    def namespaces(self) -> tuple[Object, ...]:
        """Give the namespaces that are ours, those that are being deleted included."""
        with self._lock:
            return tuple(thing for key, thing in sorted(self._objects.items()) if key[0] == NAMESPACE.name)

    def put(self, thing: Object) -> None:
        """Take the answer to a write of ours, unless the watch has told as much or more."""
        with self._lock:
            _slim(thing)
            told = self._reflectors[thing["kind"]].version
            if _version(thing) > told:
                self._keep(thing)

    def hurry(self) -> None:
        """Follow again at once where that failed."""
        for reflector in self._reflectors.values():
            reflector.hurry()

    def close(self) -> None:
        """Follow no more."""
        for reflector in self._reflectors.values():
            reflector.close()

    def changed(self, thing: Object, *, gone: bool) -> None:
        """Take word from a watch, unless an answer to a later write of ours came before it."""
        _slim(thing)
        with self._lock:
            held = self._objects.get(key_of(thing))
            if held is not None and _version(held) > _version(thing):
                return
            self._drop(key_of(thing))
            if not gone:
                self._keep(thing)
        if held is not None and not gone and _says_the_same(held, thing):
            return
        for scope in {_scope(thing), _scope(held or thing)}:
            self._moved(*scope)

    def told_all(self, kind: Kind, there: set[Key], version: int) -> None:
        """Drop what a watch that started anew no longer found, unless it was made since."""
        with self._lock:
            ours = [(key, thing) for key, thing in self._objects.items() if key[0] == kind.name and key not in there]
            gone = [(key, thing) for key, thing in ours if _version(thing) <= version]
            for key, _ in gone:
                self._drop(key)
        for _, thing in gone:
            self._moved(*_scope(thing))

    def _keep(self, thing: Object) -> None:
        key, (environment, service) = key_of(thing), _scope(thing)
        self._objects[key] = thing
        self._scopes[environment].setdefault(service, set()).add(key)

    def _keys(self, environment: str, service: str) -> frozenset[Key]:
        return frozenset(self._scopes.get(environment, {}).get(service, ()))

    def _drop(self, key: Key) -> None:
        thing = self._objects.pop(key, None)
        if thing:
            environment, service = _scope(thing)
            services = self._scopes[environment]
            services[service].discard(key)
            if not services[service]:
                del services[service]
            if not services:
                del self._scopes[environment]


def _slim(thing: Object) -> None:
    """Drop what nobody reads; of thousands of pods it is most of the memory."""
    thing["metadata"].pop("managedFields", None)
    if thing["kind"] not in _STATUS_MATTERS:
        thing.pop("status", None)
    if thing["kind"] == POD.name:
        thing["spec"] = {"containers": [{"name": container["name"]} for container in thing["spec"]["containers"]]}


def _says_the_same(held: Object, thing: Object) -> bool:
    """Tell whether two versions of an object differ in nothing else."""
    version = thing["metadata"]["resourceVersion"]
    return {**held, "metadata": {**held["metadata"], "resourceVersion": version}} == thing


def _version(thing: Object) -> int:
    return int(thing["metadata"]["resourceVersion"])


def release_of(pod: Object) -> int:
    """Name the release that a pod runs."""
    return int(labels.label(pod, labels.RELEASE) or 0)


def _age(pod: Object) -> tuple[int, str, str]:
    return release_of(pod), pod["metadata"]["creationTimestamp"], pod["metadata"]["name"]


def _scope(thing: Object) -> Scope:
    return labels.label(thing, labels.ENVIRONMENT), labels.label(thing, labels.SERVICE)
