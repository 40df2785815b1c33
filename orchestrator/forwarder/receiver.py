"""HTTP in: path, method, size, signature, journal, and only then 202. Nothing is parsed here.

In: requests of git hosts on `/hooks/NAME`. Out: entries for the journal. `/healthz` says that the forwarder turns,
`/readyz` that a delivery would be kept.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from itertools import chain
from time import time
from typing import Protocol

from aiohttp import web

from orchestrator.domain.webhook import Headers, Hook
from orchestrator.domain.webhook.hosts import host
from orchestrator.domain.webhook.signature import Refused, UnsignedPing
from orchestrator.forwarder.entries import Entry, Receipt
from orchestrator.forwarder.fault import JournalFault
from orchestrator.forwarder.hooks import Hooks
from orchestrator.forwarder.intake import Intake, Place, overloaded, too_long
from orchestrator.forwarder.options import Limits
from orchestrator.forwarder.shown import shown

_HOOKS = "/hooks/"
_SHOWN = ("user-agent", "content-type")


class Keeper(Protocol):
    """Who keeps what is received: the desk, or a link to it. Its methods are described there."""

    async def record(self, entry: Entry, secret: int | None) -> Receipt: ...
    async def ready(self) -> None: ...
    async def alive(self) -> None: ...
    def accepted(self, hook: str, secret: int | None, at: float) -> None: ...
    def refused(self, hook: str, status: int, reason: str, at: float) -> None: ...


class Receiver:
    """Answers git hosts; what it accepts or refuses, it tells its keeper."""

    def __init__(self, hooks: Hooks, limits: Limits, keeper: Keeper, clock: Callable[[], float] = time) -> None:
        self._hooks = hooks
        self._limits = limits
        self._intake = Intake(limits)
        self._keeper = keeper
        self._clock = clock
        self._stopping = False
        self._probes: Mapping[str, Callable[[], Awaitable[None]]] = {
            "/healthz": keeper.alive,
            "/readyz": self._ready,
        }

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer a request, and count a refusal.

        A raised refusal would live as long as its connection, and its traceback would keep the body in memory.
        """
        name = request.path.removeprefix(_HOOKS)
        try:
            return await (self._probe(request) if name == request.path else self._deliver(request, name))
        except web.HTTPException as refusal:
            known = name if name in self._hooks.current else ""
            self._keeper.refused(known, refusal.status, refusal.text or "", self._clock())
            return web.Response(status=refusal.status, text=refusal.text, headers=refusal.headers)

    def stop(self) -> None:
        """Refuse every new delivery from here on."""
        self._stopping = True

    async def _deliver(self, request: web.BaseRequest, name: str) -> web.Response:
        hook, most = self._admit(request, name)
        if expected := request.headers.get("Expect"):
            await _go_on(request, expected)
        with self._intake.place() as place:
            return await self._accept(request, hook, most, place)

    def _admit(self, request: web.BaseRequest, name: str) -> tuple[Hook, int]:
        """Judge by the request line and the headers alone; returns the hook and the longest body it may send."""
        hook = self._hooks.current.get(name)
        if hook is None:
            raise web.HTTPNotFound(text="there is no hook of this name")
        if request.method != "POST":
            raise web.HTTPMethodNotAllowed(request.method, ["POST"], text="deliveries are sent with POST")
        if "Content-Encoding" in request.headers:
            raise web.HTTPUnsupportedMediaType(text="send the body without Content-Encoding")
        if sum(map(len, chain.from_iterable(request.raw_headers))) > self._limits.header_bytes:
            raise web.HTTPRequestHeaderFieldsTooLarge(text="the headers are too long")
        most = min(host(hook.provider).BODY_BYTES, self._limits.body_bytes)
        if (request.content_length or 0) > most:
            raise too_long(most, request.content_length or 0)
        if self._stopping:
            raise overloaded("shutting down; try again")
        return hook, most

    async def _accept(self, request: web.BaseRequest, hook: Hook, most: int, place: Place) -> web.Response:
        body = await place.read(request, most)
        headers, now = _headers(request), self._clock()
        theirs = host(hook.provider)
        try:
            theirs.verify(hook, headers, body, now)
            skipped, key = theirs.uninteresting(headers), theirs.delivery_id(headers, body)
        except UnsignedPing as ping:
            return web.json_response({"ignored": str(ping)})
        except Refused as error:
            raise web.HTTPUnauthorized(text=str(error)) from error
        secret = shown(hook, headers, body, now)
        if skipped:
            self._keeper.accepted(hook.name, secret, now)
            return web.json_response({"ignored": skipped})
        kept = {name: headers[name] for name in (*theirs.HEADERS, *_SHOWN) if name in headers}
        receipt = await self._record(Entry(hook.name, _id(key), now, json.dumps(kept), body), secret)
        told = b'{"delivery": %d}' % receipt.seq
        return web.Response(body=told, status=200 if receipt.repeated else 202, content_type="application/json")

    async def _record(self, entry: Entry, secret: int | None) -> Receipt:
        try:
            return await self._keeper.record(entry, secret)
        except JournalFault as error:
            raise overloaded("the journal cannot be written; try again") from error

    async def _probe(self, request: web.BaseRequest) -> web.Response:
        probe = self._probes.get(request.path)
        if probe is None:
            raise web.HTTPNotFound(text="there is nothing here")
        if request.method not in {"GET", "HEAD"}:
            raise web.HTTPMethodNotAllowed(request.method, ["GET", "HEAD"])
        await probe()
        return web.Response(text="ok")

    async def _ready(self) -> None:
        if self._stopping:
            raise overloaded("shutting down")
        try:
            await self._keeper.ready()
        except JournalFault as error:
            raise overloaded("the journal cannot be written") from error


async def _go_on(request: web.BaseRequest, expected: str) -> None:
    """Ask for the body of a sender that waits for it."""
    if expected.lower() != "100-continue":
        raise web.HTTPExpectationFailed(text="nothing but 100-continue can be expected")
    await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    request.writer.output_size = 0


def _headers(request: web.BaseRequest) -> Headers:
    found = dict[str, tuple[str, ...]]()
    for given, value in request.headers.items():
        name = given.lower()
        found[name] = (*found[name], value) if name in found else (value,)
    return found


def _id(key: str) -> str:
    return key if key.isascii() and key.isprintable() and len(key) <= 200 else ""
