"""What happens to Deployments, and when, as one watch on the cluster tells it: the same clock for every side.

In: a control plane. Out: the moment in which the last of many Deployments was as it is waited for.
"""

import threading
import time
from collections.abc import Callable, Collection
from typing import Any

from cluster_plane import PATIENCE

from orchestrator.runtimes.kubernetes import KubernetesOptions, labels
from orchestrator.runtimes.kubernetes.api import Api
from orchestrator.runtimes.kubernetes.connection import Connection
from orchestrator.runtimes.kubernetes.kinds import DEPLOYMENT, Key, Kind
from orchestrator.runtimes.kubernetes.reflector import Reflector

Deployment = dict[str, Any]
Holds = Callable[[Deployment], bool]


class Changes:
    """Every version of every Deployment since `forget`."""

    def __init__(self, options: KubernetesOptions) -> None:
        self._news = threading.Condition()
        self._seen: list[tuple[float, Deployment]] = []
        self._api = Api(Connection(options))
        self._reflector = Reflector(self._api, DEPLOYMENT, "", self)
        self._reflector.synced.wait(PATIENCE)

    def close(self) -> None:
        """Follow no more."""
        self._reflector.close()
        self._api.close()

    def forget(self) -> None:
        """Begin with what happens from now on."""
        with self._news:
            self._seen.clear()

    def calm(self, seconds: float) -> None:
        """Wait until nothing has changed for so long."""
        latest = time.monotonic() + PATIENCE
        with self._news:
            while self._news.wait(seconds):
                if time.monotonic() > latest:
                    raise TimeoutError("the cluster did not come to rest")

    def last(self, namespaces: Collection[str], holds: Holds) -> float:
        """Wait until a Deployment in each namespace was once like that; says when the last one of them first was."""
        missing, read, at = set(namespaces), 0, 0.0
        latest = time.monotonic() + PATIENCE
        while missing:
            with self._news:
                if not self._news.wait_for(lambda read=read: len(self._seen) > read, latest - time.monotonic()):
                    raise TimeoutError(f"{len(missing)} Deployments did not get there")
                fresh = self._seen[read:]
            for at_, thing in fresh:
                namespace = thing["metadata"]["namespace"]
                if namespace in missing and holds(thing):
                    missing.discard(namespace)
                    at = at_
            read += len(fresh)
        return at

    def changed(self, thing: Deployment, *, gone: bool) -> None:
        """Take word from the watch."""
        with self._news:
            if not gone:
                self._seen.append((time.perf_counter(), thing))
                self._news.notify_all()

    def told_all(self, kind: Kind, there: set[Key], version: int) -> None:
        """Nothing that is gone is of interest."""


def says(commit: str) -> Holds:
    """Tell whether a Deployment was asked to run a commit."""
    return lambda thing: thing["metadata"]["annotations"].get(labels.COMMIT) == commit


def is_available(thing: Deployment) -> bool:
    """Tell whether a Deployment has a pod that takes requests."""
    return bool(thing.get("status", {}).get("availableReplicas"))
