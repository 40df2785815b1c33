"""The ids of git objects in a payload: 40 or 64 hexadecimal digits; all zeros stand for "there is none"."""

import re

from orchestrator.domain import payload
from orchestrator.domain.payload import Malformed

_OBJECT = re.compile("[0-9a-f]{40}|[0-9a-f]{64}")


def object_id(value: object, *path: str) -> str:
    """Read an id; empty when it is all zeros. Raises `Malformed`."""
    found = payload.text(value, *path)
    if not _OBJECT.fullmatch(found):
        raise Malformed(f"{'.'.join(path)} is not the id of a git object")
    return found if found.strip("0") else ""


def object_ids(value: object, before: str = "before", after: str = "after") -> tuple[str, str]:
    """Read where a ref was and where it is; raises `Malformed`, also when it was and is nowhere."""
    was, now = object_id(value, before), object_id(value, after)
    if not was and not now:
        raise Malformed(f"{before} and {after} are both zeros")
    return was, now
