"""Which branches of a repository become environments.

In: what git listed, the patterns and the cap of the settings. Out: the branches to follow, default branch first, and a
line for each that is refused, of many the first 20. Branches that are followed already keep their place when the cap
is reached.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from orchestrator.domain.branch_patterns import is_selected
from orchestrator.domain.commit import environment_of
from orchestrator.errors import Permanent

_MOST_TOLD = 20

Branches = Sequence[tuple[str, str]]
"""(branch, commit) pairs."""


@dataclass(frozen=True, slots=True)
class Followed:
    """One branch that is followed."""

    branch: str
    commit: str
    environment: str


@dataclass(frozen=True, slots=True)
class Selection:
    """What is followed, in the order to read it; lines about refusals; all that could be, were it not too many."""

    followed: tuple[Followed, ...] = ()
    refused: tuple[str, ...] = ()
    eligible: tuple[Followed, ...] = ()


@dataclass(frozen=True, slots=True)
class SelectionRules:
    """`most` branches at most; a branch that matches `include` and not `exclude`; the default branch always."""

    baseline: str = "main"
    include: tuple[str, ...] = ("*",)
    exclude: tuple[str, ...] = ()
    most: int = 200


def select(branches: Branches, default_branch: str, before: Collection[str], rules: SelectionRules) -> Selection:
    """Choose the branches to follow; `before` names those that were followed until now."""
    refused: list[str] = []
    followed: list[Followed] = []
    for branch, commit in sorted(branches, key=lambda b: (b[0] != default_branch, b[0] not in before, b[0])):
        if branch != default_branch and not is_selected(branch, rules.include, rules.exclude):
            continue
        try:
            followed.append(Followed(branch, commit, environment_of(branch, default_branch, rules.baseline)))
        except Permanent as error:
            refused.append(str(error))
    over = len(followed) - rules.most
    if over > 0:
        refused.insert(
            0, f"{over} branches are not deployed: at most {rules.most} are (limits.branches_per_repository)"
        )
    return Selection(tuple(followed[: rules.most]), _told(refused), tuple(followed))


def _told(refused: Sequence[str]) -> tuple[str, ...]:
    """Tell the first refusals, and of the others how many: whoever may push could make any number of them."""
    more = len(refused) - _MOST_TOLD
    return (*refused[:_MOST_TOLD], *((f"{more} more lines like these",) if more > 0 else ()))
