"""The listener for probes: is the daemon alive, is it ready, how does it do."""

from collections.abc import Callable

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST

from orchestrator.adapters.api.pool import Pool
from orchestrator.adapters.gateway import Gateway
from orchestrator.adapters.metrics import exposition
from orchestrator.domain.text import printable


class Observe:
    """GET /healthz, /readyz and /metrics; `ready` says in one line what is missing, empty when nothing is."""

    def __init__(self, ready: Callable[[], str], gateway: Gateway, pool: Pool) -> None:
        self._ready = ready
        self._gateway = gateway
        self._pool = pool

    def routes(self) -> tuple[web.RouteDef, ...]:
        """The paths that are answered here."""
        return (web.get("/healthz", self.healthz), web.get("/readyz", self.readyz), web.get("/metrics", self.metrics))

    async def healthz(self, _: web.Request) -> web.Response:
        """Answering is the proof."""
        return web.Response(text="ok\n")

    async def readyz(self, _: web.Request) -> web.Response:
        """Say what the daemon still waits for."""
        missing = printable(self._ready())
        return web.Response(text=f"{missing or 'ok'}\n", status=503 if missing else 200)

    async def metrics(self, _: web.Request) -> web.Response:
        """Write the counters of the engine down for Prometheus."""
        page = await self._pool.run(lambda: exposition(self._gateway.engine()))
        return web.Response(body=page, headers={"Content-Type": CONTENT_TYPE_LATEST})
