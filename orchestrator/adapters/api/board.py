"""What the API reads: the newest picture of every environment, and each one that replaces it."""

from collections.abc import Callable
from typing import Protocol

from orchestrator.domain.snapshot import EnvironmentView


class Board(Protocol):
    """Answers from memory, from any thread."""

    def read(self) -> tuple[EnvironmentView, ...]:
        """Every environment."""

    def get(self, environment: str) -> EnvironmentView | None:
        """One environment by the raw name of its branch or by its own name."""

    def subscribe(self, callback: Callable[[object], None]) -> Callable[[], None]:
        """Call back from any thread for every change from now on; returns what ends that.

        A change is an EnvironmentView, an EventView, or something else with the `environment` that is gone.
        """
