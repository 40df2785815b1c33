"""Which branch is checked out here, read from `.git` by hand: no git is run in a directory that nobody vouches for."""

from pathlib import Path

_MOST_BYTES = 4096
_BRANCH = "ref: refs/heads/"


def here() -> str | None:
    """Name the branch that is checked out in the working directory."""
    try:
        return branch(Path.cwd())
    except OSError:
        return None


def branch(directory: Path) -> str | None:
    """Name the branch of the work tree around `directory`; None outside of one, or when no branch is checked out."""
    for place in (directory, *directory.parents):
        head = _head(place / ".git")
        if head is not None:
            return head.removeprefix(_BRANCH) or None if head.startswith(_BRANCH) else None
    return None


def _head(git: Path) -> str | None:
    """The text of HEAD; a worktree's or submodule's `.git` is a file that names the real directory."""
    if git.is_file():
        text = _line(git) or ""
        git = git.parent / text.removeprefix("gitdir: ")
    return _line(git / "HEAD")


def _line(path: Path) -> str | None:
    try:
        with path.open(encoding="utf-8", errors="surrogateescape") as file:
            return file.read(_MOST_BYTES).strip()
    except (OSError, ValueError):
        return None
