"""Request bodies and query texts to checked values; what does not fit is refused as Usage, without quoting it."""

import asyncio
from typing import TypeVar

from aiohttp import web
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from orchestrator.adapters.api.answers import Usage

Value = TypeVar("Value")
_LARGEST = 256 * 1024
_SLOWEST_SECONDS = 10.0


class Edit(BaseModel, extra="forbid", strict=True):
    """A set (text) or unset (null) of variables."""

    changes: dict[str, str | None] = Field(min_length=1, max_length=1000)
    revision: str = Field(default="", max_length=100)


class Nothing(BaseModel, extra="forbid", strict=True):
    """What needs no words."""


class Reason(BaseModel, extra="forbid", strict=True):
    """Why something is done to an actor."""

    why: str = Field(default="", max_length=200)


class Removal(BaseModel, extra="forbid", strict=True):
    """Which repository's removals may go on."""

    repository: str = Field(max_length=200)


async def raw(request: web.Request, most: int = _LARGEST) -> bytes:
    """Read the whole body; raises the answer to give when it is longer than `most` bytes, or too slow."""
    try:
        async with asyncio.timeout(_SLOWEST_SECONDS):
            return await request.clone(client_max_size=most).read()
    except TimeoutError:
        raise web.HTTPRequestTimeout(reason=f"the body took more than {_SLOWEST_SECONDS:.0f} s") from None


async def body(request: web.Request, shape: TypeAdapter[Value]) -> Value:
    """Read the body as JSON of a shape; an empty body is an empty object."""
    read = await raw(request)
    try:
        return shape.validate_json(read or b"{}")
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
