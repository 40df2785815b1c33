"""The requests of a person who wants to get to a service: where a command runs beside it, where a browser finds it.

In: names, a release or a port. Out: an Entry, to the one user that it is for; a FrontView.
"""

from aiohttp import web

from orchestrator.adapters.api import lookup, peer
from orchestrator.adapters.api.answers import answer
from orchestrator.adapters.api.board import Board
from orchestrator.adapters.api.bodies import number
from orchestrator.adapters.api.pool import Pool
from orchestrator.adapters.gateway import Gateway
from orchestrator.domain.entry import Entry
from orchestrator.errors import Permanent


class WaysIn:
    """Hands questions to the gateway; nothing is started here."""

    def __init__(self, board: Board, gateway: Gateway, pool: Pool) -> None:
        self._board = board
        self._gateway = gateway
        self._pool = pool

    def routes(self) -> tuple[web.RouteDef, ...]:
        """The paths that are answered here."""
        return (
            web.get("/v1/services/{environment}/{service}/entry", self.entry),
            web.get("/v1/services/{environment}/{service}/front", self.front),
        )

    async def entry(self, request: web.Request) -> web.Response:
        """Tell where a command runs beside a release; 0 means the newest that is Ready."""
        uid = peer.uid(request)
        environment, service = lookup.named(self._board, request.match_info)
        release = number(request, "release", 0, 10**9) or None
        found = await self._pool.run(lambda: self._gateway.enter(environment, service, release))
        _check_user(found, uid)
        return answer(found)

    async def front(self, request: web.Request) -> web.Response:
        """Tell by which URL a browser reaches a port, the first one when none is named."""
        environment, service = lookup.named(self._board, request.match_info)
        port = request.query.get("port", "")
        return answer(await self._pool.run(lambda: self._gateway.front(environment, service, port)))


def _check_user(entry: Entry, uid: int | None) -> None:
    """Refuse to show one user's variables to another, who could not run anything there either."""
    if entry.tree and entry.tree.user != uid:
        owner = peer.name(entry.tree.user)
        raise Permanent(f"{entry.name} runs as {owner}; ask as that user: sudo -u {owner} anabranch exec {entry.name}")
