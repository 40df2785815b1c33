"""A proxy between a client and the apiserver that answers wrongly, or not at all, as it is told.

In: the folder of a control plane, and a judge of requests. Out: a kubeconfig that leads through the proxy, over plain
HTTP and with the administrator's rights; every request that was seen.
"""

import asyncio
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from aiohttp import web

from tests.cluster import administrator, kubeconfig
from tests.cluster.keys import HOST

_NOT_PASSED_ON = {"connection", "keep-alive", "transfer-encoding", "host", "content-length"}
_PATIENCE = 20


@dataclass(frozen=True, slots=True)
class Seen:
    """One request as the client sent it; `path` has its query."""

    method: str
    path: str


@dataclass(frozen=True, slots=True)
class Fault:
    """An answer that the apiserver did not give; `retry_after` is in seconds, 0 tells none."""

    status: int
    reason: str = ""
    message: str = "injected"
    retry_after: int = 0


Judge = Callable[[Seen], Fault | None]
"""Called for each request in the proxy's own thread; None sends it on."""


class FaultProxy:
    """`judge` may be replaced at any time, `seen` be cleared."""

    def __init__(self, folder: Path, kubeconfig: Path) -> None:
        self.kubeconfig = kubeconfig
        self.address = ""
        self.judge: Judge = lambda _: None
        self.seen: list[Seen] = []
        self._folder = folder
        self._abandoned = weakref.WeakSet[asyncio.Transport]()
        self._loop = asyncio.new_event_loop()
        self._heard, self._stop, self._ready = asyncio.Event(), asyncio.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="fault proxy", daemon=True)

    def start(self) -> None:
        """Serve in a thread of its own; `address` and `kubeconfig` hold when this returns."""
        self._thread.start()
        if not self._ready.wait(_PATIENCE):
            raise TimeoutError("the fault proxy did not start")

    def stop(self) -> None:
        """Close every connection."""
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(_PATIENCE)

    @contextmanager
    def silence(self) -> Iterator[None]:
        """Let every connection hang, those of watches too: no byte comes back, and nothing is closed."""
        self._loop.call_soon_threadsafe(self._heard.clear)
        try:
            yield
        finally:
            self._loop.call_soon_threadsafe(self._heard.set)

    def abandon(self) -> None:
        """Let every connection that is open now hang for ever, without closing it; new ones are served."""
        self._loop.call_soon_threadsafe(lambda: self._abandoned.update(self._lines()))

    def _lines(self) -> Iterator[asyncio.Transport]:
        return (line.transport for line in self._server.connections if line.transport)

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        self._heard.set()
        async with AsyncExitStack() as stack:
            self._api = administrator.session(self._folder, connections=0, decompress=False)
            await stack.enter_async_context(self._api)
            app = web.Application(client_max_size=8 * 2**20)
            app.router.add_route("*", "/{path:.*}", self._answer)
            runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
            stack.push_async_callback(runner.cleanup)
            await runner.setup()
            assert runner.server
            self._server = runner.server
            await web.TCPSite(runner, HOST, 0).start()
            self.address = f"http://{HOST}:{runner.addresses[0][1]}"
            kubeconfig.write(self.kubeconfig, self._folder, self.address)
            self._ready.set()
            await self._stop.wait()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        seen = Seen(request.method, request.path_qs)
        self.seen.append(seen)
        fault = self.judge(seen)
        if fault:
            return _failure(fault)
        body = await request.read()
        try:
            async with self._api.request(
                request.method, request.rel_url, headers=_passed(request.headers), data=body
            ) as told:
                return await self._pass_on(request, told)
        except aiohttp.ClientError as error:
            return _failure(Fault(502, message=str(error)))

    async def _pass_on(self, request: web.Request, told: aiohttp.ClientResponse) -> web.StreamResponse:
        await self._may_speak(request)
        answer = web.StreamResponse(status=told.status, headers=_passed(told.headers))
        await answer.prepare(request)
        try:
            async for chunk in told.content.iter_any():
                await self._may_speak(request)
                await answer.write(chunk)
        except aiohttp.ClientError:
            if request.transport:
                request.transport.abort()
        return answer

    async def _may_speak(self, request: web.Request) -> None:
        await self._heard.wait()
        if request.transport in self._abandoned:
            await asyncio.Event().wait()


@contextmanager
def fault_proxy(folder: Path, kubeconfig: Path) -> Iterator[FaultProxy]:
    """Run a proxy before the control plane of a folder; `kubeconfig` is the file to write for its clients."""
    proxy = FaultProxy(folder, kubeconfig)
    proxy.start()
    try:
        yield proxy
    finally:
        proxy.stop()


def _failure(fault: Fault) -> web.Response:
    status = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": fault.status}
    headers = {"Retry-After": str(fault.retry_after)} if fault.retry_after else {}
    body = status | {"reason": fault.reason, "message": fault.message}
    return web.json_response(body, status=fault.status, headers=headers)


def _passed(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.lower() not in _NOT_PASSED_ON}
