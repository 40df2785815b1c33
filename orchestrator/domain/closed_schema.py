"""Closed schemas for files that people write: what is not known is an error, and every error says the way out.

In: a pydantic model, its ValidationError, and the Document that was validated. Out: Problems in our own words, with the
line and the key path; pydantic's messages are not used, so that no value of the file can leak.
"""

from collections.abc import Callable, Mapping
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator
from pydantic_core import ErrorDetails, PydanticCustomError

from orchestrator.domain.file_problem import Path, Problem
from orchestrator.domain.guarded_yaml import Document
from orchestrator.domain.text import did_you_mean, printable

MOST_PROBLEMS = 100


class Closed(BaseModel):
    """The base of every schema: unknown keys, conversions and empty values are errors."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    @field_validator("*", mode="before")
    @classmethod
    def _given(cls, value: object) -> object:
        if value is None:
            raise refused("is empty; write a value or remove the key")
        return value


def refused(text: str) -> PydanticCustomError:
    """Build what a validator raises; `text` says the way out and quotes no value."""
    return PydanticCustomError("refused", "{text}", {"text": text})


def problems_of(
    error: ValidationError, schema: type[BaseModel], document: Document, above: Path = ()
) -> tuple[Problem, ...]:
    """Tell each error of validating `schema` against what `document` holds at `above`, of many the first 100."""
    errors = error.errors(include_url=False)[:MOST_PROBLEMS]
    return tuple(_problem(details, schema, document, above) for details in errors)


def _problem(details: ErrorDetails, schema: type[BaseModel], document: Document, above: Path) -> Problem:
    inner = details["loc"][:-1] if details["loc"][-1:] == ("[key]",) else details["loc"]
    path = (*above, *inner)
    line = document.at(path).line
    if details["type"] == "extra_forbidden":
        return Problem(line, path[:-1], _unknown_key(str(inner[-1]), _keys(schema, inner[:-1])))
    words = _WORDS.get(details["type"], _not_valid)
    return Problem(line, path, words(details.get("ctx", {}), details["input"]))


def _unknown_key(key: str, known: tuple[str, ...]) -> str:
    way_out = did_you_mean(key, known) or (f"; known are {', '.join(known)}" if known else "; no key is known here yet")
    return f'unknown key "{printable(key, 64)}"{way_out}'


def _not_text(_: Mapping[str, Any], given: object) -> str:
    if given is None:
        return 'is empty; write "" for an empty text'
    if isinstance(given, list | dict):
        return "write a text here, not a list or a map"
    return "quote this value, it is not a string"


def _not_valid(_: Mapping[str, Any], __: object) -> str:
    return "this value does not fit here"


def _fixed(text: str) -> Callable[[Mapping[str, Any], object], str]:
    return lambda _, __: text


_WORDS: dict[str, Callable[[Mapping[str, Any], object], str]] = {
    "refused": lambda context, _: str(context["text"]),
    "missing": _fixed("is required; add it"),
    "string_type": _not_text,
    "int_type": _fixed("write a whole number, without quotes"),
    "bool_type": _fixed("write true or false, without quotes"),
    "model_type": _fixed("write a map of keys and values here"),
    "dict_type": _fixed("write a map of keys and values here"),
    "list_type": _fixed("write a list here"),
    "literal_error": lambda context, _: f"write {context['expected']}",
    "greater_than_equal": lambda context, _: f"write a number of at least {context['ge']}",
    "less_than_equal": lambda context, _: f"write a number of at most {context['le']}",
    "too_short": _fixed("must not be empty; add an entry"),
    "string_too_short": _fixed("must not be empty; write a text"),
}


def _keys(schema: type[BaseModel], path: Path) -> tuple[str, ...]:
    annotation: Any = schema
    for step in path:
        annotation = _inside(annotation, step)
    model = _model(annotation)
    return tuple(field.alias or name for name, field in model.model_fields.items()) if model else ()


def _inside(annotation: Any, step: str | int) -> Any:
    model = _model(annotation)
    if model is None:
        return (get_args(annotation) or (None,))[-1]
    fields = {field.alias or name: field.annotation for name, field in model.model_fields.items()}
    return fields.get(str(step))


def _model(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in {Annotated, Union, UnionType}:
        return next((model for model in map(_model, get_args(annotation)) if model), None)
    return None
