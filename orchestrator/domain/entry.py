"""Where a command of a person runs beside a release.

In: what a runtime knows of the release. Out: a value that the API hands on and the command line acts upon. Nothing is
started by the daemon: whoever asks starts the command, with rights of their own.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tree:
    """The directory and the variables of a local process; only the user of this id can do there what the service can.

    `variables` are (name, value) pairs and may hold secrets.
    """

    user: int
    path: str
    variables: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Pod:
    """A pod of a cluster and its containers, that of the service first.

    `context` is the one of the person's own kubeconfig that leads there; empty: the current one.
    """

    namespace: str
    name: str
    containers: tuple[str, ...]
    context: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """The way into one release: a `tree` or a `pod`."""

    environment: str
    service: str
    release: int
    tree: Tree | None = None
    pod: Pod | None = None

    @property
    def name(self) -> str:
        """The id that can be typed back: `bugfix:web@v3`."""
        return f"{self.environment}:{self.service}@v{self.release}"
