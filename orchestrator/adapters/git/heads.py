"""What git tells of a repository: its heads, and what is in one of them. Names are decoded with `surrogateescape`."""

from dataclasses import dataclass

Branches = tuple[tuple[str, str], ...]
"""(branch, commit) pairs, sorted by branch."""


@dataclass(frozen=True, slots=True)
class Heads:
    """What one `ls-remote` answered.

    `proves_no_removal`: the answer lacks the default branch, so a branch that it lacks as well may still be there.
    """

    default_branch: str
    branches: Branches
    proves_no_removal: bool = False


@dataclass(frozen=True, slots=True)
class HeadContent:
    """A commit's subject and Score files: (path, bytes) or (path, why it is not read) pairs, sorted by path."""

    commit: str
    subject: str
    files: tuple[tuple[str, bytes | str], ...] = ()
