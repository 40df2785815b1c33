"""The id of a git object in a payload: 40 or 64 hexadecimal digits; all zeros stand for "there is none"."""

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
