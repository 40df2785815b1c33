"""How many git processes may talk to one host at the same time, over all repositories: others wait their turn.

In: the name of a host. Out: a place there for as long as a context lasts. So a cold start, or a host that hangs, does
not end in a crowd at its door.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from orchestrator.errors import Temporary


class Places:
    """`at_once` places at each host."""

    def __init__(self, at_once: int = 4) -> None:
        self._at_once = at_once
        self._hosts: dict[str, threading.BoundedSemaphore] = {}
        self._lock = threading.Lock()

    @contextmanager
    def at(self, host: str, name: str, seconds: float) -> Iterator[None]:
        """Hold a place for repository `name`; raises Temporary when none is free within `seconds`."""
        with self._lock:
            places = self._hosts.setdefault(host, threading.BoundedSemaphore(self._at_once))
        if not places.acquire(timeout=seconds):
            asked = f"git talks to {host or 'this disk'} {self._at_once} times already (git.per_host)"
            raise Temporary(f"{name}: {asked}, and none of that ended within {seconds:g} s; trying again")
        try:
            yield
        finally:
            places.release()
