"""A pull request, which git hosts also call a merge request: a reason to look at its branch, and words about it."""

from dataclasses import dataclass
from enum import StrEnum

from orchestrator.domain.text import printable

_LONGEST_TITLE = 120


class PullState(StrEnum):
    """What has become of it."""

    OPEN = "open"
    MERGED = "merged"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Pull:
    """Pull request `number`, which asks to merge `ref` of `repository`; `title` is what its author wrote."""

    repository: str
    ref: str
    number: int
    title: str
    state: PullState

    @property
    def note(self) -> str:
        """One visible line about it: `PR 12 open: Fix the login`."""
        title = printable(self.title.strip(), _LONGEST_TITLE)
        return f"PR {self.number} {self.state}" + (f": {title}" if title else "")
