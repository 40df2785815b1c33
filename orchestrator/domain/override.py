"""A variable that a person set with `edit` or `set`; it survives pushes until it is unset.

In: what `edit` asks for. Out: the overrides of a service, and the revision by which an editor notices another's change.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Override:
    """`text` may hold placeholders; `at` is seconds since the epoch."""

    variable: str
    text: str
    at: float
    by: str


Changes = tuple[tuple[str, str | None], ...]
"""(variable, new text, or None to unset the override) pairs."""


def changed(overrides: Sequence[Override], changes: Changes, now: float, by: str) -> tuple[Override, ...]:
    """Give the overrides as they are after the changes, sorted by name."""
    after = {o.variable: o for o in overrides}
    for variable, text in changes:
        if text is None:
            after.pop(variable, None)
        elif variable not in after or after[variable].text != text:
            after[variable] = Override(variable, text, now, by)
    return tuple(after[name] for name in sorted(after))


def revision(texts: Sequence[tuple[str, str]]) -> str:
    """Name the state of a service's variables: equal for equal (name, text) pairs."""
    return hashlib.sha256(json.dumps(sorted(texts)).encode()).hexdigest()[:16]
