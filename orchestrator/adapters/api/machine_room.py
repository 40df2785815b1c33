"""The machine room's requests: counters, traces, dead letters, and what steers a single actor."""

from typing import Literal, get_args

from aiohttp import web
from pydantic import TypeAdapter

from orchestrator.adapters.api import peer
from orchestrator.adapters.api.answers import Usage, answer
from orchestrator.adapters.api.bodies import Reason, body
from orchestrator.adapters.api.pool import Pool
from orchestrator.adapters.gateway import Gateway
from orchestrator.domain.text import printable

Verb = Literal["pause", "resume", "step", "restart", "stop"]
_REASON = TypeAdapter(Reason)


class MachineRoom:
    """Hands requests to the gateway, with the name of the user who asked."""

    def __init__(self, gateway: Gateway, pool: Pool) -> None:
        self._gateway = gateway
        self._pool = pool

    def routes(self) -> tuple[web.RouteDef, ...]:
        """The paths that are answered here."""
        return (
            web.get("/v1/actors", self.actors),
            web.post("/v1/actors/{address}/{verb}", self.steer),
            web.get("/v1/engine", self.engine),
            web.get("/v1/traces/{which}", self.trace),
            web.get("/v1/dead-letters", self.dead_letters),
            web.post("/v1/dead-letters/{number}/replay", self.replay),
        )

    async def actors(self, _: web.Request) -> web.Response:
        """Show every actor."""
        return answer(await self._pool.run(self._gateway.actors))

    async def engine(self, _: web.Request) -> web.Response:
        """Show the counters of the engine."""
        return answer(await self._pool.run(self._gateway.engine))

    async def trace(self, request: web.Request) -> web.Response:
        """Show the path of a commit event, by delivery or commit."""
        which = request.match_info["which"]
        return answer(await self._pool.run(lambda: self._gateway.trace(which)))

    async def dead_letters(self, _: web.Request) -> web.Response:
        """Show the last messages that nobody handled, newest first."""
        return answer(await self._pool.run(self._gateway.dead_letters))

    async def replay(self, request: web.Request) -> web.Response:
        """Send a dead letter again."""
        by, text = peer.user(request), request.match_info["number"]
        if not (text.isascii() and text.isdigit() and len(text) <= 18):
            raise Usage("a dead letter has a number (anabranch actors dead-letters)")
        why = (await body(request, _REASON)).why
        return answer(await self._pool.run(lambda: self._gateway.replay(int(text), by=by, why=why)))

    async def steer(self, request: web.Request) -> web.Response:
        """Pause, resume, step, restart or stop an actor."""
        by, address, verb = peer.user(request), request.match_info["address"], request.match_info["verb"]
        if verb not in get_args(Verb):
            raise Usage(f'an actor cannot be told to "{printable(verb, 32)}", but to {", ".join(get_args(Verb))}')
        why = (await body(request, _REASON)).why
        return answer(await self._pool.run(lambda: self._gateway.steer(address, verb, by=by, why=why)))
