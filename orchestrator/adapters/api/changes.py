"""The requests that change something: variables, releases, looking at git, held-back removals."""

from aiohttp import web
from pydantic import TypeAdapter

from orchestrator.adapters.api import lookup, peer
from orchestrator.adapters.api.answers import answer
from orchestrator.adapters.api.board import Board
from orchestrator.adapters.api.bodies import Edit, Nothing, Removal, body
from orchestrator.adapters.api.pool import Pool
from orchestrator.adapters.gateway import Gateway

_EDIT = TypeAdapter(Edit)
_NOTHING = TypeAdapter(Nothing)
_REMOVAL = TypeAdapter(Removal)


class Changes:
    """Hands requests to the gateway, with the name of the user who asked."""

    def __init__(self, board: Board, gateway: Gateway, pool: Pool) -> None:
        self._board = board
        self._gateway = gateway
        self._pool = pool

    def routes(self) -> tuple[web.RouteDef, ...]:
        """The paths that are answered here."""
        return (
            web.patch("/v1/services/{environment}/{service}/variables", self.edit),
            web.post("/v1/services/{environment}/{service}/redeploy", self.redeploy),
            web.post("/v1/sync", self.sync),
            web.post("/v1/approve-removal", self.approve_removal),
        )

    async def edit(self, request: web.Request) -> web.Response:
        """Set or unset overrides of variables."""
        by = peer.user(request)
        environment, service = lookup.named(self._board, request.match_info)
        edit = await body(request, _EDIT)
        changes = tuple(edit.changes.items())
        return answer(
            await self._pool.run(
                lambda: self._gateway.edit(environment, service, changes, revision=edit.revision, by=by)
            )
        )

    async def redeploy(self, request: web.Request) -> web.Response:
        """Make a new release of the same commit."""
        by = peer.user(request)
        environment, service = lookup.named(self._board, request.match_info)
        await body(request, _NOTHING)
        return answer(await self._pool.run(lambda: self._gateway.redeploy(environment, service, by=by)))

    async def sync(self, request: web.Request) -> web.Response:
        """Look at every repository now."""
        await body(request, _NOTHING)
        return answer(await self._pool.run(self._gateway.sync))

    async def approve_removal(self, request: web.Request) -> web.Response:
        """Let held-back removals of one repository go on."""
        repository = (await body(request, _REMOVAL)).repository
        return answer(await self._pool.run(lambda: self._gateway.approve_removal(repository)))
