"""Secrets and ConfigMaps of the daemon's namespace that every environment gets a copy of, before its first pod.

In: their names, as `secret/NAME` or `configmap/NAME`. Out: the copies, and a digest that is kept at the namespace: one
that has it holds them already, so that nobody needs the right to read the Secrets of environments.
"""

import hashlib
import json
from collections.abc import Sequence

from orchestrator.errors import NotFound, Permanent
from orchestrator.runtimes.kubernetes import labels
from orchestrator.runtimes.kubernetes.api import Api
from orchestrator.runtimes.kubernetes.kinds import CONFIG, SECRET, Object, key_of, path_of
from orchestrator.runtimes.kubernetes.options import KubernetesOptions

_KINDS = {"secret": SECRET, "configmap": CONFIG}
_CARRIED = ("type", "data", "binaryData")


def digest(originals: Sequence[Object]) -> str:
    """Name what was read; empty for nothing."""
    text = json.dumps(originals, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32] if originals else ""


class Copies:
    """Reads the originals and writes the copies; any thread may call."""

    def __init__(self, api: Api, options: KubernetesOptions) -> None:
        self._api, self._options = api, options

    def read(self) -> tuple[Object, ...]:
        """Read the originals. Raises Permanent when one is missing."""
        return tuple(self._read(name) for name in self._options.copied)

    def put(self, environment: str, originals: Sequence[Object]) -> None:
        """Make or renew the copies of an environment."""
        for original in originals:
            metadata = {
                "name": original["name"],
                "namespace": self._options.namespace_of(environment),
                "labels": {"app.kubernetes.io/managed-by": "anabranch", labels.ENVIRONMENT: environment},
            }
            copy = {"apiVersion": "v1", "kind": original["kind"], "metadata": metadata, **original["carried"]}
            self._api.apply(path_of(key_of(copy)), copy)

    def _read(self, written: str) -> Object:
        word, _, name = written.partition("/")
        kind = _KINDS[word]
        try:
            found = self._api.get(kind.path(self._options.namespace, name))
        except NotFound:
            where = f"the daemon's namespace {self._options.namespace}"
            raise Permanent(f"kubernetes.copied: {written} is not in {where}; make it there") from None
        carried = {field: found[field] for field in _CARRIED if field in found}
        return {"kind": kind.name, "name": name, "carried": carried}
