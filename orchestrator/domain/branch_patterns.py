"""Which branches become environments: the include and exclude patterns of the settings.

In: a branch and glob patterns (`*`, `?`, `[a-z]`; `*` also matches `/`). Out: yes or no. The work grows with the
product of both lengths and no faster, and both are short.
"""

from collections.abc import Sequence
from fnmatch import fnmatchcase

from orchestrator.domain.text import printable
from orchestrator.errors import Permanent

_LONGEST_PATTERN = 200
_MOST_STARS = 10
_LONGEST_BRANCH = 4096


def is_selected(branch: str, include: Sequence[str], exclude: Sequence[str] = ()) -> bool:
    """Tell whether a branch matches a pattern of `include` and none of `exclude`."""
    for pattern in (*include, *exclude):
        check_pattern(pattern)
    if len(branch) > _LONGEST_BRANCH:
        return False
    return _matches(branch, include) and not _matches(branch, exclude)


def check_pattern(pattern: str) -> None:
    """Raise Permanent for a pattern that is empty, over 200 characters, or has more than 10 stars."""
    if not pattern or len(pattern) > _LONGEST_PATTERN or pattern.count("*") > _MOST_STARS:
        raise Permanent(
            f'branch pattern "{printable(pattern, 64)}": write 1 to {_LONGEST_PATTERN} characters '
            f"with at most {_MOST_STARS} stars"
        )


def _matches(branch: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(branch, pattern) for pattern in patterns)
