"""A mistake in the settings, in words that say what to write.

In: an error of pydantic's, which knows keys and kinds. Out: the place and a text that never quotes a value.
"""

from dataclasses import dataclass
from typing import Any, get_args

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from orchestrator.domain.file_problem import Path
from orchestrator.domain.text import did_you_mean, printable
from orchestrator.settings.model import Settings
from orchestrator.settings.types import Section

_WORDS = {
    "missing": "is missing; add it",
    "string_type": "quote this value, it is not text",
    "path_type": "write a path",
    "int_type": "write a whole number",
    "int_parsing": "write a whole number",
    "int_from_float": "write a whole number",
    "float_type": "write a number",
    "float_parsing": "write a number",
    "bool_type": "write true or false",
    "bool_parsing": "write true or false",
    "tuple_type": "write a list, such as [a, b]",
    "dict_type": "write keys and values below it",
    "model_type": "write keys and values below it",
    "model_attributes_type": "write keys and values below it",
    "enum": "write {expected}",
    "greater_than": "write a number above {gt}",
    "greater_than_equal": "write {ge} or more",
    "less_than_equal": "write {le} or less",
    "too_short": "give {min_length} or more",
    "too_long": "give {max_length} or fewer",
    "finite_number": "write a number",
}


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong at `path`; `shown` is the path to print where that differs."""

    path: Path
    text: str
    shown: Path | None = None


def explain(error: ValidationError) -> tuple[Mistake, ...]:
    """Turn pydantic's errors into mistakes; what only follows from a mistake further down is left out."""
    found = error.errors(include_url=False, include_input=False)
    paths = [details["loc"] for details in found]
    return tuple(_explain(details) for details in found if not any(_is_above(details["loc"], path) for path in paths))


def _is_above(path: Path, other: Path) -> bool:
    return len(other) > len(path) and other[: len(path)] == path


def _explain(error: ErrorDetails) -> Mistake:
    path, kind, context = error["loc"], error["type"], error.get("ctx", {})
    if kind == "extra_forbidden":
        return _unknown(path)
    if kind == "value_error":
        return Mistake(path, str(context["error"]))
    words = {name: _short(value) for name, value in context.items()}
    return Mistake(path, _WORDS.get(kind, "this does not fit here").format(**words))


def _short(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _unknown(path: Path) -> Mistake:
    key = str(path[-1])
    known = _section(path[:-1]).model_fields
    return Mistake(path, f'unknown key "{printable(key, 64)}"{did_you_mean(key, known)}', path[:-1])


def _section(path: Path) -> type[Section]:
    section: type[Section] = Settings
    for step in path:
        if isinstance(step, str):
            section = _held(section.model_fields[step].annotation) or section
    return section


def _held(annotation: Any) -> type[Section] | None:
    """Find the section in an annotation such as `tuple[Repository, ...]`."""
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return annotation
    return next((held for argument in get_args(annotation) if (held := _held(argument))), None)
