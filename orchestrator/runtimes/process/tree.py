"""The directory of one release: `tree` (the commit, and HOME) and the logs; whole or not there.

In: a release and a source. Out: a directory that a kept marker shows to be complete, reused after a restart;
its log begins with what the tree lacks.
"""

import base64
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from orchestrator.domain.release import Release, ResolvedFile
from orchestrator.errors import Permanent
from orchestrator.runtimes import Source
from orchestrator.runtimes.process.directories import delete
from orchestrator.runtimes.process.logfile import LogFile, remark

_MARKER = "complete"


def lay(release: Release, source: Source, directory: Path) -> None:
    """Lay the release out in `directory`, unless it is complete there.

    Raises Permanent, OSError, and what `source` raises.
    """
    if (directory / _MARKER).exists():
        return
    delete(directory)
    tree = directory / "tree"
    tree.mkdir(parents=True)
    _tell(source(release.repository, release.commit, tree), directory)
    for file in release.resolved[0].files:
        try:
            _place(file, tree, release)
        except (FileExistsError, IsADirectoryError, NotADirectoryError) as error:
            where = f"{release.name}: file {file.target} cannot be placed"
            raise Permanent(f"{where}: the commit has something else there; name another target") from error
    (directory / _MARKER).touch()


def _tell(notes: Sequence[str], directory: Path) -> None:
    """Begin the release's log with what its tree lacks."""
    log = LogFile(directory, sys.maxsize, time.time)
    for note in notes:
        log.write(remark(note))
    log.close()


def _place(file: ResolvedFile, tree: Path, release: Release) -> None:
    """Write a file of the container, never through a link that the commit planted."""
    target = tree / file.target
    target.parent.mkdir(parents=True, exist_ok=True)
    _below(target.parent, tree, release, file.target)
    data = _content(file, tree, release)
    target.unlink(missing_ok=True)
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "wb") as opened:
        opened.write(data)
    target.chmod(int(file.mode, 8) & 0o777 if file.mode else 0o644)


def _content(file: ResolvedFile, tree: Path, release: Release) -> bytes:
    if file.content is not None:
        return file.content.encode()
    if file.binary_content is not None:
        return base64.b64decode(file.binary_content)
    source = (tree / release.workload.file).parent / (file.source or "")
    _below(source, tree, release, str(file.source))
    if source.is_symlink() or not source.is_file():
        raise Permanent(f"{release.name}: file {file.source} is not in the commit; add it or correct `source`")
    return source.read_bytes()


def _below(path: Path, tree: Path, release: Release, written: str) -> None:
    if not path.resolve().is_relative_to(tree.resolve()):
        raise Permanent(f"{release.name}: {written} leads out of the release's directory; remove the link")
