"""The requests that change nothing: environments, history, events, the daemon itself."""

from aiohttp import web

from orchestrator.adapters.api import lookup
from orchestrator.adapters.api.answers import answer
from orchestrator.adapters.api.board import Board
from orchestrator.adapters.api.bodies import number
from orchestrator.adapters.api.pool import Pool
from orchestrator.adapters.gateway import Gateway


class Reads:
    """Answers from the board where it can, from the gateway elsewhere."""

    def __init__(self, board: Board, gateway: Gateway, pool: Pool, pictures: Pool, about: dict[str, object]) -> None:
        self._board = board
        self._gateway = gateway
        self._pool = pool
        self._pictures = pictures
        self._about = about

    def routes(self) -> tuple[web.RouteDef, ...]:
        """The paths that are answered here."""
        return (
            web.get("/v1/version", self.version),
            web.get("/v1/environments", self.environments),
            web.get("/v1/environments/{environment}", self.environment),
            web.get("/v1/events", self.events),
            web.get("/v1/services/{environment}/{service}/history", self.history),
        )

    async def version(self, _: web.Request) -> web.Response:
        """Say which daemon this is."""
        return answer(self._about)

    async def environments(self, _: web.Request) -> web.Response:
        """Show what is an environment; writing thousands of services down takes a while, so others go on meanwhile."""
        return await self._pictures.run(lambda: answer(tuple(v for v in self._board.read() if v.exists)))

    async def environment(self, request: web.Request) -> web.Response:
        """Show one environment, or what was looked at in vain for it."""
        return answer(lookup.environment(self._board, request.match_info["environment"]))

    async def events(self, request: web.Request) -> web.Response:
        """Tell what happened, oldest first."""
        wanted = request.query.get("environment")
        name = lookup.environment(self._board, wanted).environment if wanted else None
        limit = number(request, "limit", 100, 10_000)
        return answer(await self._pool.run(lambda: self._gateway.events(name, limit)))

    async def history(self, request: web.Request) -> web.Response:
        """List the releases of one service, newest first."""
        environment, service = lookup.named(self._board, request.match_info)
        return answer(await self._pool.run(lambda: self._gateway.history(environment, service)))
