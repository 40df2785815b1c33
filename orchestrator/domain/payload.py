"""JSON from strangers, read without trusting its shape.

In: bytes, or what `read` made of them, and the path of a field. Out: the value, or `Malformed`, which names the path
and never the value: text from outside must not reach a log line.
"""

import json

from orchestrator.errors import Permanent


class Malformed(Permanent):
    """The payload is not what its sender promised; trying again is of no use."""


def read(body: bytes) -> object:
    """Parse JSON; nesting that is too deep and numbers that are too long are `Malformed` too."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Malformed(f"the body is not JSON that can be read ({type(error).__name__})") from error


def at(value: object, *path: str) -> object:
    """Follow keys into nested objects."""
    for key in path:
        if not isinstance(value, dict) or key not in value:
            raise Malformed(f"{'.'.join(path)} is missing")
        value = value[key]
    return value


def text(value: object, *path: str) -> str:
    """Read a string."""
    found = at(value, *path)
    if not isinstance(found, str):
        raise Malformed(f"{'.'.join(path)} is not a string")
    return found


def text_or(default: str, value: object, *path: str) -> str:
    """Read a string that a sender may leave out or set to null."""
    try:
        found = at(value, *path)
    except Malformed:
        return default
    return default if found is None else text(value, *path)


def flag(value: object, *path: str) -> bool:
    """Read true or false."""
    found = at(value, *path)
    if not isinstance(found, bool):
        raise Malformed(f"{'.'.join(path)} is neither true nor false")
    return found


def items(value: object, *path: str) -> tuple[object, ...]:
    """Read a list."""
    found = at(value, *path)
    if not isinstance(found, list):
        raise Malformed(f"{'.'.join(path) or 'the body'} is not a list")
    return tuple(found)
