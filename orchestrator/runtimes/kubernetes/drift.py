"""Whether a live object still says what was asked.

In: what was asked, and the live object. Out: the live object seen through what was asked: only the fields that are in
it. What others add beside is theirs, and no drift.
"""

from typing import Any


def seen_through(asked: Any, live: Any) -> Any:
    """Give of `live` what `asked` speaks of; equal to `pruned(asked)` when nothing has drifted."""
    if isinstance(asked, dict) and isinstance(live, dict):
        looked = {name: seen_through(value, live.get(name)) for name, value in asked.items()}
        return {name: value for name, value in looked.items() if not _empty(value)}
    if isinstance(asked, list) and isinstance(live, list) and len(asked) == len(live):
        return [seen_through(each, other) for each, other in zip(asked, live, strict=True)]
    return live


def pruned(asked: Any) -> Any:
    """Leave out what is empty: the API may leave it out as well."""
    return seen_through(asked, asked)


def _empty(value: Any) -> bool:
    return value in (None, "", 0, [], {})
