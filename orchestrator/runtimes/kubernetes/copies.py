"""Secrets and ConfigMaps of the daemon's namespace that every environment gets a copy of, before its first pod.

In: their names, as `secret/NAME` or `configmap/NAME`. Out: the copies, and a mark of their content that is kept at the
namespace: one that has it holds them already, so that nobody needs the right to read the Secrets of environments. The
originals are looked at every minute; `changed` is called when they are not what they were.
"""

import logging
import threading
from collections.abc import Callable

from orchestrator.errors import AnabranchError, NotFound, Permanent
from orchestrator.runtimes.kubernetes import labels
from orchestrator.runtimes.kubernetes.api import Api
from orchestrator.runtimes.kubernetes.kinds import CONFIG, SECRET, Object, key_of, path_of
from orchestrator.runtimes.kubernetes.options import KubernetesOptions
from orchestrator.runtimes.kubernetes.secret import keyed

_LOG = logging.getLogger(__name__)
_KINDS = {"secret": SECRET, "configmap": CONFIG}
_CARRIED = ("type", "data", "binaryData")
_PERIOD = 60.0
_CLOSE_AFTER = 2.0

Originals = tuple[Object, ...]


class Copies:
    """Reads the originals and writes the copies; any thread may call."""

    def __init__(self, api: Api, options: KubernetesOptions, changed: Callable[[], None]) -> None:
        self._api, self._options, self._changed = api, options, changed
        self._known: Originals | None = None
        self._trouble = ""
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="copies", daemon=True)
        if options.copied:
            self._thread.start()

    def originals(self) -> Originals:
        """Give the originals as they were read last. Raises Permanent when one was never there."""
        if self._known is None:
            self._known = self._read()
        return self._known

    def mark(self, originals: Originals) -> str:
        """Name what was read; empty for nothing."""
        return keyed(self._options, originals) if originals else ""

    def put(self, environment: str, originals: Originals) -> None:
        """Make or renew the copies of an environment."""
        for original in originals:
            metadata = {
                "name": original["name"],
                "namespace": self._options.namespace_of(environment),
                "labels": {"app.kubernetes.io/managed-by": "anabranch", labels.ENVIRONMENT: environment},
            }
            copy = {"apiVersion": "v1", "kind": original["kind"], "metadata": metadata, **original["carried"]}
            self._api.apply(path_of(key_of(copy)), copy)

    def close(self) -> None:
        """Look no more."""
        self._closed.set()
        if self._thread.is_alive():
            self._thread.join(_CLOSE_AFTER)

    def _follow(self) -> None:
        while not self._closed.wait(_PERIOD):
            try:
                self._look()
                self._trouble = ""
            except AnabranchError as error:
                self._complain(str(error))

    def _look(self) -> None:
        found = self._read()
        before, self._known = self._known, found
        if before not in (None, found):
            self._changed()

    def _complain(self, line: str) -> None:
        if line != self._trouble:
            _LOG.warning("%s; environments keep what they have", line)
        self._trouble = line

    def _read(self) -> Originals:
        return tuple(self._read_one(name) for name in self._options.copied)

    def _read_one(self, written: str) -> Object:
        word, _, name = written.partition("/")
        kind = _KINDS[word]
        try:
            found = self._api.get(kind.path(self._options.namespace, name))
        except NotFound:
            where = f"the daemon's namespace {self._options.namespace}"
            raise Permanent(f"kubernetes.copied: {written} is not in {where}; make it there") from None
        carried = {field: found[field] for field in _CARRIED if field in found}
        return {"kind": kind.name, "name": name, "carried": carried}
