"""The listener for probes: is the daemon alive, is it ready."""

from collections.abc import Callable

from aiohttp import web

from orchestrator.domain.text import printable


class Observe:
    """GET /healthz and /readyz; `ready` says in one line what is missing, empty when nothing is."""

    def __init__(self, ready: Callable[[], str]) -> None:
        self._ready = ready

    def routes(self) -> tuple[web.RouteDef, ...]:
        """The paths that are answered here."""
        return (web.get("/healthz", self.healthz), web.get("/readyz", self.readyz))

    async def healthz(self, _: web.Request) -> web.Response:
        """Answering is the proof."""
        return web.Response(text="ok\n")

    async def readyz(self, _: web.Request) -> web.Response:
        """Say what the daemon still waits for."""
        missing = printable(self._ready())
        return web.Response(text=f"{missing or 'ok'}\n", status=503 if missing else 200)
