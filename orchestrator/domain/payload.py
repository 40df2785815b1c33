"""JSON from strangers, read without trusting its shape.

In: bytes, or what `read` made of them, and the path of a field. Out: the value, or `Malformed`, which names the path
and never the value: text from outside must not reach a log line.
"""

import json
from collections.abc import Sequence

from orchestrator.errors import Permanent

_LARGEST = 2**63 - 1


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


def at_or_none(value: object, *path: str) -> object:
    """Follow keys into nested objects, each of which a sender may leave out or set to null; None when there is none."""
    for key in path:
        if value is None:
            return None
        if not isinstance(value, dict):
            raise Malformed(f"{'.'.join(path)} is not inside an object")
        value = value.get(key)
    return value


def text(value: object, *path: str) -> str:
    """Read a string."""
    return _string(at(value, *path), path)


def text_or(default: str, value: object, *path: str) -> str:
    """Read a string that a sender may leave out or set to null."""
    found = at_or_none(value, *path)
    return default if found is None else _string(found, path)


def number(value: object, *path: str) -> int:
    """Read a whole number, 0 or more, that fits 63 bits."""
    return _whole(at(value, *path), path)


def number_or_zero(value: object, *path: str) -> int:
    """Read a whole number that a sender may leave out or set to null."""
    found = at_or_none(value, *path)
    return 0 if found is None else _whole(found, path)


def flag(value: object, *path: str) -> bool:
    """Read true or false."""
    found = at(value, *path)
    if not isinstance(found, bool):
        raise Malformed(f"{'.'.join(path)} is neither true nor false")
    return found


def flag_or_false(value: object, *path: str) -> bool:
    """Read true or false that a sender may leave out or set to null."""
    return at_or_none(value, *path) is not None and flag(value, *path)


def items(value: object, *path: str) -> tuple[object, ...]:
    """Read a list."""
    return _list(at(value, *path), path)


def items_or_none(value: object, *path: str) -> tuple[object, ...]:
    """Read a list that a sender may leave out or set to null."""
    found = at_or_none(value, *path)
    return () if found is None else _list(found, path)


def texts_or_none(value: object, *path: str) -> tuple[str, ...]:
    """Read a list of strings that a sender may leave out or set to null."""
    found = at_or_none(value, *path)
    return () if found is None else tuple([_string(item, path) for item in _list(found, path)])


def _string(found: object, path: Sequence[str]) -> str:
    if not isinstance(found, str):
        raise Malformed(f"{'.'.join(path)} is not a string")
    return found


def _whole(found: object, path: Sequence[str]) -> int:
    if not isinstance(found, int) or isinstance(found, bool) or not 0 <= found <= _LARGEST:
        raise Malformed(f"{'.'.join(path)} is not a whole number")
    return found


def _list(found: object, path: Sequence[str]) -> tuple[object, ...]:
    if not isinstance(found, list):
        raise Malformed(f"{'.'.join(path) or 'the body'} is not a list")
    return tuple(found)
