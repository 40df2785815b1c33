"""What the HTTP API asks of the daemon; `actors/gateway.py` implements it, so that the API knows no actors.

Every call blocks for seconds at most and may come from any thread; the lines of `logs` may follow for as long as their
reader reads.
"""

from collections.abc import Iterator
from typing import Protocol

from orchestrator.domain.entry import Entry
from orchestrator.domain.front import FrontView
from orchestrator.domain.hint import RefHint
from orchestrator.domain.machine_room import DeadLetterView, EngineView, Steered, TraceView
from orchestrator.domain.snapshot import ActorView, Edited, EventView, HistoryEntry, Synced


class LogLines(Protocol):
    """(release, seconds since the epoch, line) of one service, as they come."""

    def __iter__(self) -> Iterator[tuple[int, float, str]]:
        """Wait for each line in turn."""

    def close(self) -> None:
        """End the lines, from any thread: whoever waits for the next one is told that there is none."""


class Gateway(Protocol):
    """Requests to the actors. Raises NotFound, Conflict or Permanent with a line for a person, Temporary when busy."""

    def hint(self, hints: tuple[RefHint, ...]) -> None:
        """Look at these repositories now; returns as soon as the hints are in memory."""

    def sync(self) -> tuple[Synced, ...]:
        """Look at every repository now; returns when all were looked at, with what went wrong."""

    def approve_removal(self, repository: str) -> tuple[str, ...]:
        """Let the removals go on that the brake holds back; returns the branches."""

    def edit(
        self, environment: str, service: str, changes: tuple[tuple[str, str | None], ...], *, revision: str, by: str
    ) -> Edited:
        """Set (text) or unset (None) overrides of variables.

        `revision` is that of the ServiceView the edit was made on, empty to not care. Raises Conflict when it is
        another one by now, Permanent with one line when a text is no good; nothing is changed then.
        """

    def redeploy(self, environment: str, service: str, *, by: str) -> Edited:
        """Make a new release of the same commit."""

    def history(self, environment: str, service: str) -> tuple[HistoryEntry, ...]:
        """The releases of one service, newest first."""

    def events(self, environment: str | None, limit: int) -> tuple[EventView, ...]:
        """What happened, oldest first, at most the newest `limit`."""

    def logs(self, environment: str, service: str, release: int | None, *, tail: int, follow: bool) -> LogLines:
        """Open the last `tail` lines of a release (None: the newest) and, with `follow`, those to come."""

    def enter(self, environment: str, service: str, release: int | None) -> Entry:
        """Tell where a command of a person runs beside a release (None: the newest that is Ready)."""

    def front(self, environment: str, service: str, port: str) -> FrontView:
        """Tell by which URL a browser reaches a port, by its name (empty: the first one), if somebody answers there."""

    def actors(self) -> tuple[ActorView, ...]:
        """Every actor, parents before children."""

    def engine(self) -> EngineView:
        """The counters of the engine."""

    def trace(self, which: str) -> TraceView:
        """The path of a commit event, by delivery or by the beginning of a commit."""

    def dead_letters(self) -> tuple[DeadLetterView, ...]:
        """The last messages that nobody handled, newest first."""

    def replay(self, number: int, *, by: str, why: str) -> Steered:
        """Send a dead letter again."""

    def steer(self, address: str, verb: str, *, by: str, why: str) -> Steered:
        """Pause, resume, step, restart or stop (`verb`) the actor at an address."""
