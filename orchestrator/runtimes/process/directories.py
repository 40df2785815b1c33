"""The directories of environments, services and releases below the state directory, and which may go.

In: names that were checked before. Out: paths; what no process and no wish needs any more is deleted.
"""

import os
import re
import shutil
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from orchestrator.domain.text import printable
from orchestrator.errors import Permanent

_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_RELEASE = re.compile(r"v([1-9][0-9]{0,9})")


class Directories:
    """`<root>/<environment>/<service>/v<number>`."""

    def __init__(self, root: Path) -> None:
        self._root = root
        root.mkdir(parents=True, exist_ok=True, mode=0o700)

    def environments(self) -> tuple[str, ...]:
        """Name the environments that have a directory."""
        return tuple(sorted(entry.name for entry in self._root.iterdir() if _LABEL.fullmatch(entry.name)))

    def environment(self, name: str) -> Path:
        """Give an environment's directory, made if need be. Raises Permanent for what is no name."""
        directory = self._root / _label(name, "environment")
        directory.mkdir(exist_ok=True)
        return directory

    def release(self, environment: str, service: str, number: int) -> Path:
        """Name a release's directory. Raises Permanent for what is no name."""
        return self._root / _label(environment, "environment") / _label(service, "service") / f"v{int(number)}"

    def releases(self, environment: str, service: str) -> tuple[int, ...]:
        """Number the releases of a service that have a directory, oldest first."""
        directory = self.release(environment, service, 1).parent
        entries = directory.iterdir() if directory.is_dir() else ()
        found = (_RELEASE.fullmatch(entry.name) for entry in entries)
        return tuple(sorted(int(match[1]) for match in found if match))

    def tidy(self, environment: str, service: str, keep: Collection[int]) -> None:
        """Delete the releases of a service that are not to be kept, and its directory when none is left."""
        for number in self.releases(environment, service):
            if number not in keep:
                delete(self.release(environment, service, number))
        with suppress(OSError):
            self.release(environment, service, 1).parent.rmdir()

    def tidy_environment(self, name: str) -> None:
        """Delete an environment's directory if nothing is in it."""
        with suppress(OSError):
            (self._root / _label(name, "environment")).rmdir()

    def services(self, environment: str) -> tuple[str, ...]:
        """Name the services of an environment that have a directory."""
        directory = self._root / _label(environment, "environment")
        entries = directory.iterdir() if directory.is_dir() else ()
        return tuple(sorted(entry.name for entry in entries if _LABEL.fullmatch(entry.name)))


def delete(directory: Path) -> None:
    """Delete a directory, one included that the service made unreadable for its own user."""
    shutil.rmtree(directory, ignore_errors=True)
    if directory.exists():
        for parent, names, _ in os.walk(directory):
            for child in (Path(parent) / name for name in names):
                if not child.is_symlink():
                    child.chmod(0o700)
        shutil.rmtree(directory, ignore_errors=True)


def _label(name: str, what: str) -> str:
    if not _LABEL.fullmatch(name):
        raise Permanent(f"{printable(name, 80)} is no name of an {what}; use lower-case letters, digits and `-`")
    return name
