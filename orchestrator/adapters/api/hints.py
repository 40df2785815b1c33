"""Hints that a branch may have moved: on the unix socket, and on a TCP listener of their own behind a bearer token.

In: one hint or a list of them as JSON. Out: 202 as soon as the gateway has them in memory. They have a thread of their
own, so that no other request delays them.
"""

import hmac

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from orchestrator.adapters.api.answers import answer
from orchestrator.adapters.api.bodies import raw
from orchestrator.adapters.api.pool import Pool
from orchestrator.adapters.gateway import Gateway
from orchestrator.domain import hint
from orchestrator.domain.payload import Malformed

_MOST_HINTS = 5000
_LARGEST_BODY = 8 * 2**20
_CHALLENGE = {"WWW-Authenticate": "Bearer"}


class Hints:
    """POST /v1/hints"""

    def __init__(self, gateway: Gateway, pool: Pool) -> None:
        self._gateway = gateway
        self._pool = pool

    def routes(self) -> tuple[web.RouteDef, ...]:
        """The path that is answered here."""
        return (web.post("/v1/hints", self.hint),)

    async def hint(self, request: web.Request) -> web.Response:
        """Take hints; raises Malformed when one of them is none, or when they are too many."""
        body = (await raw(request, _LARGEST_BODY)).strip()
        hints = hint.from_json(b"[" + body + b"]" if body.startswith(b"{") else body)
        if len(hints) > _MOST_HINTS:
            raise Malformed(f"more than {_MOST_HINTS} hints in one request; send fewer at once")
        await self._pool.run(lambda: self._gateway.hint(hints))
        return answer({"accepted": len(hints)}, status=202)


def bearer(token: bytes) -> Middleware:
    """Make the middleware that lets only bearers of the token in."""
    expected = b"Bearer " + token

    @web.middleware
    async def only_bearers(request: web.Request, handler: Handler) -> web.StreamResponse:
        shown = request.headers.get("Authorization", "").encode("utf-8", "surrogateescape")
        if not hmac.compare_digest(shown, expected):
            reason = "a bearer token is needed: the content of the hints token file"
            raise web.HTTPUnauthorized(reason=reason, headers=_CHALLENGE)
        return await handler(request)

    return only_bearers
