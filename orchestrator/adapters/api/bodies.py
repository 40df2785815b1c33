"""Request bodies and query texts to checked values; what does not fit is refused as Usage, without quoting it."""

from typing import TypeVar

from aiohttp import web
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from orchestrator.adapters.api.answers import Usage

Value = TypeVar("Value")


class Edit(BaseModel, extra="forbid", strict=True):
    """A set (text) or unset (null) of variables."""

    changes: dict[str, str | None] = Field(min_length=1, max_length=1000)
    revision: str = ""
    by: str = Field(default="", max_length=100)


class By(BaseModel, extra="forbid", strict=True):
    """Who asks."""

    by: str = Field(default="", max_length=100)


class Removal(BaseModel, extra="forbid", strict=True):
    """Which repository's removals may go on."""

    repository: str


async def body(request: web.Request, shape: TypeAdapter[Value]) -> Value:
    """Read the body as JSON of a shape; an empty body is an empty object."""
    try:
        return shape.validate_json(await request.read() or b"{}")
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"][:4])
        raise Usage(f"the body of {request.method} {request.path} is not right: {place} {first['msg']}") from None


def number(request: web.Request, name: str, default: int, most: int) -> int:
    """Read a whole number between 0 and `most` from the query."""
    text = request.query.get(name, "")
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= 9) or int(text) > most:
        raise Usage(f"{name} must be a whole number from 0 to {most}")
    return int(text)


def flag(request: web.Request, name: str) -> bool:
    """Read a switch from the query."""
    return request.query.get(name, "") in {"1", "true", "yes"}
