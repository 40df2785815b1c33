"""JSON back to the records that the daemon sent; fields that this version does not know are left out."""

from dataclasses import fields, is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from orchestrator.errors import Permanent

Record = TypeVar("Record")
_UNFIT = (TypeError, ValueError, KeyError, AttributeError, RecursionError)


def record(kind: type[Record], value: object) -> Record:
    """Build one dataclass; raises Permanent when the daemon is of a version that says something else."""
    try:
        built: Record = _record(kind, value)
    except _UNFIT as error:
        raise Permanent(
            f"the daemon speaks of a {kind.__name__} that this version does not know (anabranch version)"
        ) from error
    return built


def records(kind: type[Record], value: object) -> tuple[Record, ...]:
    """Build a tuple of dataclasses; raises Permanent as `record`."""
    return tuple(record(kind, item) for item in (value if isinstance(value, list) else [value]))


def _record(kind: Any, value: Any) -> Any:
    return kind(**{name: _value(hint, value[name]) for name, hint in _hints(kind) if name in value})


@cache
def _hints(kind: Any) -> tuple[tuple[str, Any], ...]:
    hints = get_type_hints(kind)
    return tuple((field.name, hints[field.name]) for field in fields(kind))


def _value(hint: Any, value: Any) -> Any:
    if get_origin(hint) is UnionType:
        return None if value is None else _value(next(a for a in get_args(hint) if a is not NoneType), value)
    if get_origin(hint) is tuple:
        return _items(get_args(hint), value)
    return _record(hint, value) if isinstance(hint, type) and is_dataclass(hint) else hint(value)


def _items(hints: tuple[Any, ...], values: Any) -> tuple[Any, ...]:
    if hints[-1] is Ellipsis:
        return tuple(_value(hints[0], value) for value in values)
    return tuple(_value(hint, value) for hint, value in zip(hints, values, strict=True))
