"""JSON back to the records that the daemon sent; fields that this version does not know are left out."""

from dataclasses import fields, is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

Record = TypeVar("Record")


def record(kind: type[Record], value: object) -> Record:
    """Build one dataclass; raises TypeError when a field without default is missing."""
    if not isinstance(value, dict):
        raise TypeError(f"{kind.__name__} is not an object")
    return kind(**{name: _value(hint, value[name]) for name, hint in _hints(kind) if name in value})


def records(kind: type[Record], value: object) -> tuple[Record, ...]:
    """Build a tuple of dataclasses."""
    if not isinstance(value, list):
        raise TypeError(f"not a list of {kind.__name__}")
    return tuple(record(kind, item) for item in value)


@cache
def _hints(kind: type) -> tuple[tuple[str, Any], ...]:
    hints = get_type_hints(kind)
    return tuple((field.name, hints[field.name]) for field in fields(kind))


def _value(hint: Any, value: Any) -> Any:
    if get_origin(hint) is UnionType:
        return None if value is None else _value(next(a for a in get_args(hint) if a is not NoneType), value)
    if get_origin(hint) is tuple:
        return _items(get_args(hint), value)
    return record(hint, value) if is_dataclass(hint) else hint(value)


def _items(hints: tuple[Any, ...], values: Any) -> tuple[Any, ...]:
    if hints[-1] is Ellipsis:
        return tuple(_value(hints[0], value) for value in values)
    return tuple(_value(hint, value) for hint, value in zip(hints, values, strict=True))
