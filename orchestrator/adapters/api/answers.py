"""Values to JSON answers, errors to one line with a kind and a status.

In: whatever a handler returned or raised. Out: `{"error", "kind"}` with a status of 400 or more.
"""

import json
from dataclasses import fields, is_dataclass
from functools import cache

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from orchestrator.domain.text import printable
from orchestrator.errors import AnabranchError, Conflict, NotFound, Permanent, Temporary

_LONGEST_LINE = 2000
_KEPT_HEADERS = ("Allow", "WWW-Authenticate")
_STATUS = ((NotFound, 404), (Conflict, 409), (Permanent, 422), (Temporary, 503))
_log = structlog.get_logger("api")


class Usage(AnabranchError):
    """The request itself is malformed."""


def encode(value: object) -> bytes:
    """Write dataclasses, tuples and enums as ASCII JSON, bytes that are no UTF-8 as escaped surrogates."""
    return json.dumps(value, default=_fields).encode("ascii")


def answer(value: object, status: int = 200) -> web.Response:
    """Answer with a value as JSON."""
    return web.Response(body=encode(value), status=status, content_type="application/json")


@web.middleware
async def errors_as_json(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn what a handler raises into one line for a person; only the unexpected is logged."""
    try:
        return await handler(request)
    except AnabranchError as error:
        return answer(refusal(error), _kind_and_status(error)[1])
    except web.HTTPException as refused:
        return _refused(request, refused)
    except ConnectionError:
        raise
    except Exception:
        _log.exception("request failed", method=request.method, path=printable(request.path))
        return answer(refusal(Permanent("the daemon failed on this request; its log says why")), 500)


def refusal(error: AnabranchError) -> dict[str, str]:
    """Say in one line what is wrong, and of which kind it is."""
    return {"error": printable(" ".join(str(error).split()), _LONGEST_LINE), "kind": _kind_and_status(error)[0]}


def _refused(request: web.Request, refused: web.HTTPException) -> web.Response:
    line = f"{request.method} {printable(request.path, 200)}: {refused.reason}"
    response = answer(refusal(Usage(line)), refused.status)
    response.headers.extend({name: refused.headers[name] for name in _KEPT_HEADERS if name in refused.headers})
    return response


def _fields(value: object) -> dict[str, object]:
    if is_dataclass(value) and not isinstance(value, type):
        return {name: getattr(value, name) for name in _names(type(value))}
    raise TypeError(f"{type(value).__name__} has no JSON form")


@cache
def _names(kind: type) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


def _kind_and_status(error: AnabranchError) -> tuple[str, int]:
    for kind, status in _STATUS:
        if isinstance(error, kind):
            return kind.__name__, status
    return "Usage", 400
