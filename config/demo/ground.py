"""What the story asks of the place that services run in."""

from pathlib import Path
from typing import Any, Protocol

from narrator import Narrator

Answer = dict[str, Any]
"""What a service says: service, environment, release, instance, greeting and, when it was asked for, peers."""


class Failed(Exception):
    """Something did not hold that the story tells."""


class Ground(Protocol):
    """Local processes, or a cluster."""

    settings: str
    """Lines of the settings file."""
    image: str
    """The pattern of a repository's images, with `{name}`; empty where there are none."""

    @property
    def processes(self) -> tuple[int, ...]:
        """What runs beside Anabranch."""
        ...

    def prepare(self, environ: dict[str, str], /) -> tuple[tuple[str, ...], ...]:
        """Make the ground ready, add what commands need to their environment; returns what a person types then."""
        ...

    def ask(self, url: str) -> Answer:
        """Ask the service at an address who it is; raises OSError when nobody answers."""
        ...

    def ask_all(self, url: str) -> Answer:
        """Ask it for its peers' answers as well."""
        ...

    def introduce(self, narrator: Narrator, url: str) -> None:
        """Tell how `ask_all` asks, before its answer is shown."""
        ...

    def spoil(self, repository: Path) -> None:
        """Change the files of a repository so that its service does not start."""
        ...

    def close(self) -> None:
        """End what `prepare` started."""
        ...
