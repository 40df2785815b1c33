"""The files that a release takes from its commit, read from a tree that is laid out for a moment.

In: a release and the port's `source`. Out: the bytes of each file, by its path in the repository.
"""

import stat
import tempfile
from collections.abc import Mapping
from pathlib import Path

from orchestrator.domain.release import Release
from orchestrator.errors import Permanent, Temporary
from orchestrator.runtimes import Source
from orchestrator.runtimes.kubernetes.files import MOST_BYTES


def take(release: Release, source: Source) -> Mapping[str, bytes]:
    """Read the files. Raises Permanent for one that is not a file of the commit, and what `source` raises."""
    wanted = {file.source for container in release.resolved for file in container.files if file.source}
    if not wanted:
        return {}
    with tempfile.TemporaryDirectory(prefix="anabranch-") as directory:
        tree = Path(directory)
        source(release.repository, release.commit, tree)
        return {path: _read(tree, path, release.name) for path in sorted(wanted)}


def _read(tree: Path, path: str, name: str) -> bytes:
    file = tree / path
    try:
        if not stat.S_ISREG(file.lstat().st_mode) or not file.resolve().is_relative_to(tree.resolve()):
            raise Permanent(f"{name}: {path} is no plain file of the commit; name one that is")
        with file.open("rb") as opened:
            return opened.read(MOST_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        raise Permanent(f"{name}: the commit has no file {path}") from None
    except OSError as error:
        raise Temporary(f"{name}: {path} cannot be read: {error.strerror}") from error
