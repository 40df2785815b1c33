"""The port: where services run.

In: releases and routes, ordered by the actors. Out: observations, called from the runtime's own thread.
Every implementation passes the one contract suite in `tests/runtimes/contract.py`.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from orchestrator.domain.entry import Entry
from orchestrator.domain.release import Release
from orchestrator.domain.status import Address, Health, Observation
from orchestrator.domain.workload import Workload

Source = Callable[[str, str, Path], Sequence[str]]
"""`source(repository, commit, directory)` lays the tree of a commit out in an empty directory; a line for each lack."""

Sink = Callable[[Observation], None]


@dataclass(frozen=True, slots=True)
class Running:
    """One release that runs now; `serving` tells whether the stable address leads to it."""

    environment: str
    service: str
    release: int
    health: Health
    serving: bool


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line that a service wrote; `at` is seconds since the epoch, `text` holds no control characters."""

    environment: str
    service: str
    release: int
    at: float
    text: str


class LogLines(Iterator[LogLine], Protocol):
    """Lines as they come; the iterator waits for each."""

    def close(self) -> None:
        """End the lines, from any thread: whoever waits for the next one is told that there is none."""


class Runtime(Protocol):
    """Where services run. Orders are idempotent; all but `logs` return within seconds; any thread may call."""

    def refuse(self, workload: Workload) -> str:
        """Say in one line what of this workload cannot run here, or return the empty text."""

    def ensure_environment(self, environment: str, branch: str) -> None:
        """Make the environment exist."""

    def remove_environment(self, environment: str) -> None:
        """End everything in the environment and forget its addresses."""

    def environments(self) -> tuple[str, ...]:
        """Name the environments that this runtime holds anything of, left-overs of an earlier daemon included."""

    def apply(self, release: Release) -> None:
        """Make this *the* release of its (environment, service).

        The one before it serves until this one is Ready, then is drained and ended; a newer apply cancels an
        unfinished one. Raises Permanent when it can never run, Temporary when trying again may help.
        """

    def remove(self, environment: str, service: str) -> None:
        """Move the stable address to the route's target, if there is one, then drain and end all releases."""

    def route(self, environment: str, service: str, target: str | None) -> None:
        """Say where the stable addresses of a service lead while it has had no Ready release of its own here.

        `target` is the environment whose service of the same name is meant; None refuses connections at once.
        """

    def routed(self, environment: str) -> tuple[str, ...]:
        """Name the services whose addresses were led to another environment, by an earlier daemon too."""

    def address(self, environment: str, service: str, port: int) -> Address:
        """Name the stable address of a service's port (Score's `port`), the same while the environment lives."""

    def published(self, environment: str, service: str) -> str:
        """Name the URL by which browsers outside reach the first port of a service once it runs; empty for none."""

    def running(self) -> tuple[Running, ...]:
        """Tell what runs now."""

    def watch(self, sink: Sink) -> None:
        """Call `sink` for every change from now on, from the runtime's own thread; never blocks the runtime."""

    def logs(self, environment: str, service: str, release: int | None, *, tail: int, follow: bool) -> LogLines:
        """Yield the last `tail` lines of one release (None: the newest), then new ones while `follow`."""

    def enter(self, environment: str, service: str, release: int | None) -> Entry:
        """Tell where a command of a person runs beside a release (None: the newest that is Ready).

        Raises NotFound when it does not run, Permanent where nothing can be entered, Temporary while it starts.
        """

    def public(self, environment: str, service: str, address: Address) -> str:
        """Name the URL by which a browser outside reaches a stable address. Raises Permanent when there is none."""

    def close(self) -> None:
        """End everything that this runtime started on this machine."""
