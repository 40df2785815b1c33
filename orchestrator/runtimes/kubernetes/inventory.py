"""Which objects we made in each environment: written before they are made, shortened after they are gone.

In: names of objects. Out: one ConfigMap for each environment, in the daemon's namespace, where removing an environment
does not reach it. What is not in it is never deleted, whatever its labels say. It is written only on top of what was
read, so that a daemon which lost its lease cannot strike out what its successor wrote.
"""

import threading
from collections import defaultdict
from collections.abc import Collection

from orchestrator.errors import Temporary
from orchestrator.runtimes.kubernetes import labels
from orchestrator.runtimes.kubernetes.api import Api
from orchestrator.runtimes.kubernetes.kinds import CONFIG, SECRET, Key, path_of
from orchestrator.runtimes.kubernetes.live import Live
from orchestrator.runtimes.kubernetes.options import KubernetesOptions


class Inventory:
    """Any thread may call; one write at a time for each environment."""

    def __init__(self, api: Api, live: Live, options: KubernetesOptions) -> None:
        self._api, self._live, self._options = api, live, options
        self._locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)

    def holds(self, environment: str, key: Key) -> bool:
        """Tell whether an object was made by us."""
        return _entry(key) in self._entries(environment)

    def secrets(self, environment: str, service: str) -> tuple[str, ...]:
        """Name the Secrets that were made for a service: nobody watches those."""
        names = [entry.removeprefix(f"{SECRET.name}.") for entry in self._entries(environment) if _is_secret(entry)]
        return tuple(sorted(name for name in names if name.partition(".")[0] == service))

    def add(self, environment: str, keys: Collection[Key]) -> None:
        """Write down what is about to be made."""
        with self._locks[environment]:
            known = self._entries(environment)
            if not {_entry(key) for key in keys} <= known:
                self._write(environment, known | {_entry(key) for key in keys})

    def drop(self, environment: str, keys: Collection[Key]) -> None:
        """Strike out what was deleted."""
        with self._locks[environment]:
            known = self._entries(environment)
            if known & {_entry(key) for key in keys}:
                self._write(environment, known - {_entry(key) for key in keys})

    def end(self, environment: str) -> None:
        """Forget an environment that is gone."""
        with self._locks[environment]:
            found = self._live.get(self._key(environment))
            if found:
                self._api.delete(found)

    def _entries(self, environment: str) -> set[str]:
        found = self._live.get(self._key(environment))
        return set((found or {}).get("data") or {})

    def _write(self, environment: str, entries: set[str]) -> None:
        _, namespace, name = key = self._key(environment)
        marks, found = {labels.OWNER: self._options.namespace, labels.INVENTORY: environment}, self._live.get(key)
        metadata = {"name": name, "namespace": namespace, "labels": marks}
        data = dict.fromkeys(sorted(entries), "")
        thing = {"apiVersion": CONFIG.api_version, "kind": CONFIG.name, "metadata": metadata, "data": data}
        if found:
            metadata["resourceVersion"] = found["metadata"]["resourceVersion"]
            self._live.put(self._api.apply(path_of(key), thing))
        elif made := self._api.create(CONFIG.path(namespace), thing):
            self._live.put(made)
        else:
            raise Temporary(f"{name} in {namespace}: somebody else made it meanwhile; it is tried again")

    def _key(self, environment: str) -> Key:
        return (CONFIG.name, self._options.namespace, f"inventory.{environment}")


def _is_secret(entry: str) -> bool:
    return entry.startswith(f"{SECRET.name}.")


def _entry(key: Key) -> str:
    kind, _, name = key
    return f"{kind}.{name}"
