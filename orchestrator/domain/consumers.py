"""Who relies on a service: the peers that asked for it, and the fallback that they agree on.

In: what each peer asked. Out: the branch to borrow from and its environment, or one line about files that disagree or
name a branch that has no environment.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from orchestrator.domain.naming import environment_name
from orchestrator.domain.text import printable
from orchestrator.errors import Permanent


@dataclass(frozen=True, slots=True)
class Reliance:
    """One peer's reference: its id, the fallback it names (a branch, empty for none), and where that is written."""

    consumer: str
    fallback: str
    file: str


@dataclass(frozen=True, slots=True)
class Agreement:
    """The fallback of one service in one environment and its environment; `conflict` is one line, empty when well."""

    fallback: str = ""
    environment: str = ""
    conflict: str = ""


def agree(reliances: Sequence[Reliance]) -> Agreement:
    """Find the one fallback that all references name (it belongs to environment and target, not to the reference).

    A reference that is written nowhere, that of an environment which borrows, names none.
    """
    named: dict[str, str] = {}
    for reliance in sorted(reliances, key=lambda r: (r.file, r.consumer)):
        if reliance.file:
            named.setdefault(reliance.fallback, reliance.file)
    if len(named) > 1:
        (one, first), (other, second) = list(named.items())[:2]
        words = f"{first} says fallback {_shown(one)}, {second} says {_shown(other)}"
        return Agreement(conflict=f"{words}; let both say the same")
    return _located(*next(iter(named.items()), ("", "")))


def _located(fallback: str, file: str) -> Agreement:
    try:
        return Agreement(fallback, environment_name(fallback) if fallback else "")
    except Permanent as error:
        return Agreement(conflict=f"{file}: fallback: {error}")


def _shown(fallback: str) -> str:
    return printable(fallback, 64) or "none"
