"""The paths that a push touched, as far as its payload lists them.

In: the commits of a payload. Out: the paths, and how far they can be trusted. They may only save work: unless they are
complete, anything may have changed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from orchestrator.domain import payload

_MOST_NAMES = 3000
_LISTS = ("added", "modified", "removed")


class Listing(StrEnum):
    """How much of what changed is listed."""

    COMPLETE = "complete"
    PARTIAL = "partial"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Paths:
    """Names of changed files, sorted, and how many of all these are."""

    listing: Listing
    names: tuple[str, ...] = ()


NOT_LISTED = Paths(Listing.ABSENT)
"""The host names no files."""


def touched(commits: Sequence[object], *, complete: bool) -> Paths:
    """Collect what `commits` added, modified and removed; raises `Malformed`.

    `complete` says that the host lists every commit between before and after, and that none was rewound. As many names
    as GitHub lists at the most may have been cut.
    """
    names = set[str]()
    for commit in commits:
        for kind in _LISTS:
            names.update(payload.texts_or_none(commit, kind))
    if not names:
        return NOT_LISTED
    listing = Listing.COMPLETE if complete and len(names) < _MOST_NAMES else Listing.PARTIAL
    return Paths(listing, tuple(sorted(names)[:_MOST_NAMES]))
