"""The forwarder's own unix socket: what it received, what became of it, and requests to try one again.

In: requests of the command line, from this user and group only. Out: views as JSON, and a stream that says when there
is something new. Nothing here is open to git hosts.
"""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, NoReturn

from aiohttp import web
from structlog.typing import FilteringBoundLogger

from orchestrator.adapters.api import listen
from orchestrator.adapters.api.answers import answer, errors_as_json
from orchestrator.adapters.api.bodies import flag, number
from orchestrator.adapters.api.peer import user
from orchestrator.domain.delivery import DeliveryList, DeliveryView, HookView, State
from orchestrator.errors import Conflict, NotFound
from orchestrator.forwarder import register
from orchestrator.forwarder.forward import Forward
from orchestrator.forwarder.hooks import Hooks
from orchestrator.forwarder.journal import Journal
from orchestrator.forwarder.news import News
from orchestrator.forwarder.parsing import Parsing
from orchestrator.forwarder.reload import Reload

KEEP_ALIVE_SECONDS = 15.0
_MOST_LISTED = 1000
_MOST_SECONDS = 60
_UNSETTLED = (State.JOURNALLED, State.PARSED)
_HTTP: dict[str, Any] = {"access_log": None, "handler_cancellation": True, "shutdown_timeout": 0.5}


class Door:
    """Answers people; `daemon` is where hints go, in words."""

    def __init__(
        self,
        journal: Journal,
        hooks: Hooks,
        parsing: Parsing,
        forward: Forward,
        news: News,
        daemon: str,
        reload: Reload,
        log: FilteringBoundLogger,
    ) -> None:
        self._journal = journal
        self._hooks = hooks
        self._parsing = parsing
        self._forward = forward
        self._news = news
        self._daemon = daemon
        self._reload = reload
        self._log = log

    async def open(self, path: Path, stack: AsyncExitStack) -> None:
        """Listen until the stack unwinds; raises `Permanent` when the socket cannot be had."""
        app = web.Application(middlewares=[errors_as_json])
        app.router.add_get("/v1/deliveries", self._list)
        app.router.add_get("/v1/deliveries/{seq:[0-9]{1,18}}", self._one)
        app.router.add_post("/v1/deliveries/{seq:[0-9]{1,18}}/replay", self._replay)
        app.router.add_get("/v1/hooks", self._list_hooks)
        app.router.add_post("/v1/reload", self._read_settings)
        app.router.add_get("/v1/watch", self._watch)
        runner = web.AppRunner(app, **_HTTP)
        stack.push_async_callback(runner.cleanup)
        await runner.setup()
        listener = listen.unix(path)
        stack.callback(path.unlink, missing_ok=True)
        await web.SockSite(runner, listener).start()

    async def _list(self, request: web.Request) -> web.Response:
        hook, failed = request.query.get("hook", ""), flag(request, "failed")
        limit = number(request, "limit", 100, _MOST_LISTED)
        found = await self._journal.do(lambda db: register.newest(db, hook=hook, failed=failed, limit=limit))
        waiting = await self._journal.do(register.waiting)
        return answer(DeliveryList(found, waiting, self._trouble(), self._daemon))

    async def _one(self, request: web.Request) -> web.Response:
        """Answer with one delivery; with `settled`, once it is, at the latest after so many seconds."""
        seq, seconds = int(request.match_info["seq"]), number(request, "settled", 0, _MOST_SECONDS)
        try:
            async with asyncio.timeout(seconds):
                return answer(await self._settled(seq))
        except TimeoutError:
            return answer(await self._view(seq))

    async def _settled(self, seq: int) -> DeliveryView:
        while True:
            heard = self._news.number
            view = await self._view(seq)
            if view.state not in _UNSETTLED:
                return view
            await self._news.after(heard)

    async def _view(self, seq: int) -> DeliveryView:
        view = await self._journal.do(lambda db: register.one(db, seq))
        if view is None:
            raise NotFound(f"there is no delivery {seq}, or it was forgotten (anabranch deliveries)")
        return view

    async def _replay(self, request: web.Request) -> web.Response:
        seq = int(request.match_info["seq"])
        view = await self._view(seq)
        if not view.bytes and not view.hints:
            raise Conflict(f"the body of delivery {seq} was forgotten, so it cannot be read again; try: anabranch sync")
        await self._journal.do(lambda db: register.replay(db, seq))
        self._log.info("delivery is replayed", delivery=seq, by=user(request))
        self._parsing.wake()
        self._forward.wake()
        self._news.ring()
        return answer(await self._view(seq), status=202)

    async def _list_hooks(self, _: web.Request) -> web.Response:
        return answer(tuple(self._hook(name) for name in sorted(self._hooks.current)))

    def _hook(self, name: str) -> HookView:
        hook, seen = self._hooks.current[name], self._hooks.seen[name]
        return HookView(
            name=name,
            provider=hook.provider,
            repositories=tuple(hook.repositories),
            accepted=seen.accepted,
            refused=seen.refused,
            last_at=seen.last_at,
            last_refusal=seen.last_refusal,
            last_refused_at=seen.last_refused_at,
            secrets_used_at=tuple(seen.secrets_used_at.get(secret, 0.0) for secret in hook.secrets),
        )

    async def _read_settings(self, request: web.Request) -> web.Response:
        self._log.info("the hooks are asked to be read again", by=user(request))
        return answer(await self._reload.now())

    async def _watch(self, request: web.Request) -> NoReturn:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
        await response.prepare(request)
        heard = self._news.number
        while True:
            try:
                heard = await asyncio.wait_for(self._news.after(heard), KEEP_ALIVE_SECONDS)
                await response.write(b"event: delivery\ndata: {}\n\n")
            except TimeoutError:
                await response.write(b": still here\n\n")

    def _trouble(self) -> str:
        return self._journal.fault or self._parsing.trouble or self._forward.trouble
