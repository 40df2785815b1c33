"""Who relies on a service: the peers that asked for it, and the fallback that they agree on.

In: what each peer asked. Out: the branch to borrow from, or one line about two files that disagree.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reliance:
    """One peer's reference: its id, the fallback it names (a branch, empty for none), and where that is written."""

    consumer: str
    fallback: str
    file: str


@dataclass(frozen=True, slots=True)
class Agreement:
    """The fallback of one service in one environment; `conflict` is one line, empty when all agree."""

    fallback: str = ""
    conflict: str = ""


def agree(reliances: Sequence[Reliance]) -> Agreement:
    """Find the one fallback that all references name (it belongs to environment and target, not to the reference)."""
    named: dict[str, str] = {}
    for reliance in sorted(reliances, key=lambda r: r.file):
        if reliance.file:
            named.setdefault(reliance.fallback, reliance.file)
    if len(named) > 1:
        (one, first), (other, second) = list(named.items())[:2]
        words = f"{first} says fallback {one or 'none'}, {second} says {other or 'none'}"
        return Agreement(conflict=f"{words}; let both say the same")
    return Agreement(next(iter(named), ""))
