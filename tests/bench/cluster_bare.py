"""The yardstick: a bare loop that sends what the runtime sent, for environments of its own, and does nothing else.

In: the requests of a runtime, noted as they were sent. Out: the same ones for other environments; nobody looks after
those, for they carry the mark of another owner.
"""

import json
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import cluster_plane  # noqa: F401 - makes the rest importable

from orchestrator.runtimes.kubernetes import KubernetesOptions, KubernetesRuntime
from orchestrator.runtimes.kubernetes.api import Api
from orchestrator.runtimes.kubernetes.connection import Connection, Request

THREADS = 8
TRIES, FORBIDDEN = 100, 403
"""A right that was just given takes a moment to be known."""

NEW, OLD = "new-", "old-"
"""Beginnings of environments' names: the runtime's, and those of the bare loop; nothing else has them in it."""


class Recorder:
    """Notes every request of a runtime, but for watches and the lease."""

    def __init__(self, runtime: KubernetesRuntime) -> None:
        self._noted: list[Request] = []
        api: Api = runtime._api
        self._send = api._connection.send
        api._connection.send = self._note  # type: ignore[method-assign]

    def _note(self, request: Request) -> object:
        if "watch=1" not in request.path and "/leases" not in request.path:
            self._noted.append(request)
        return self._send(request)

    def take(self) -> tuple[Request, ...]:
        """Give what was noted since the last time."""
        noted, self._noted = self._noted, []
        return tuple(noted)


class Bare:
    """Sends requests with several threads, as fast as the cluster takes them."""

    def __init__(self, options: KubernetesOptions) -> None:
        self._connection = Connection(options)

    def send(self, groups: Sequence[Sequence[Request]]) -> None:
        """Send groups of requests at the same time, those of one in their order."""
        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(self._in_order, groups))

    def _in_order(self, group: Sequence[Request]) -> None:
        for request in group:
            answers = (self._connection.send(request) for _ in range(TRIES))
            done = next((answer for answer in answers if answer.data and answer.status != FORBIDDEN), None)
            assert done, f"{request.what}: a right that was given is never known"
            assert done.status < 300, (request.path, done.data)


def verbs(requests: Sequence[Request]) -> str:
    """Count requests in words."""
    counted = Counter(request.method for request in requests)
    return ", ".join(f"{number} {verb}" for verb, number in sorted(counted.items())) or "none"


def grouped(requests: Sequence[Request], names: Sequence[str]) -> list[list[Request]]:
    """Sort requests by the environment that they are for, and make each one for an environment of the bare loop."""
    bodies = [(request, _text(request)) for request in requests]
    return [[_renamed(r, text) for r, text in bodies if f'"{name}"' in text] for name in names]


def fanned(requests: Sequence[Request], name: str, names: Sequence[str]) -> list[list[Request]]:
    """Make of requests for one environment the same for each of many of the bare loop."""
    bodies = [(request, _text(request)) for request in requests]
    return [[_renamed(request, text, name, other) for request, text in bodies] for other in names]


def _text(request: Request) -> str:
    """Write the body without the version that it may name, for the other object has its own."""
    body = json.loads(request.body) if isinstance(request.body, bytes) else request.body or {}
    body.get("metadata", {}).pop("resourceVersion", None)
    return json.dumps(body)


def _renamed(request: Request, text: str, ours: str = NEW, theirs: str = OLD) -> Request:
    text = text.replace(ours, theirs).replace('"anabranch.dev/owner": "', '"anabranch.dev/owner": "bare-')
    body = text.encode() if isinstance(request.body, bytes) else json.loads(text)
    path, acting_as = request.path.replace(ours, theirs), request.acting_as.replace(ours, theirs)
    return replace(request, path=path, body=body, acting_as=acting_as)
