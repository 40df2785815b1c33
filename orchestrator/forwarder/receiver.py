"""HTTP in: path, method, size, signature, journal, and only then 202. Nothing is parsed here.

In: requests of git hosts on `/hooks/NAME`. Out: rows in the journal. `/healthz` says that the loop turns, `/readyz`
that a delivery would be kept.
"""

import json
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from time import time

from aiohttp import web
from structlog.typing import FilteringBoundLogger

from orchestrator.domain.webhook import Headers, Hook
from orchestrator.domain.webhook.hosts import host
from orchestrator.domain.webhook.signature import Refused
from orchestrator.forwarder.entries import Entry, Receipt
from orchestrator.forwarder.hooks import Hooks
from orchestrator.forwarder.intake import Intake, Place, overloaded, too_long
from orchestrator.forwarder.journal import Journal, JournalFault
from orchestrator.forwarder.options import Limits

_HOOKS = "/hooks/"
_SHOWN = ("user-agent", "content-type")


class Receiver:
    """Answers git hosts; `arrived` is called after each delivery that is on disk."""

    def __init__(
        self,
        hooks: Hooks,
        limits: Limits,
        journal: Journal,
        arrived: Callable[[Entry, Receipt], None],
        log: FilteringBoundLogger,
        clock: Callable[[], float] = time,
    ):
        self._hooks = hooks
        self._limits = limits
        self._intake = Intake(limits)
        self._journal = journal
        self._arrived = arrived
        self._log = log
        self._clock = clock
        self._stopping = False
        self._refusals: Counter[tuple[str, int]] = Counter()
        self._probes: Mapping[str, Callable[[], Awaitable[None]]] = {"/healthz": _healthy, "/readyz": self._ready}

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer a request, and count a refusal.

        A raised refusal would live as long as its connection, and its traceback would keep the body in memory.
        """
        name = request.path.removeprefix(_HOOKS)
        try:
            return await (self._probe(request) if name == request.path else self._deliver(request, name))
        except web.HTTPException as refusal:
            self._refused(name if name in self._hooks.current else "", refusal.status, refusal.text or "")
            return web.Response(status=refusal.status, text=refusal.text, headers=refusal.headers)

    def stop(self) -> None:
        """Refuse every new delivery from here on."""
        self._stopping = True

    def report(self) -> None:
        """Log how often each hook refused since the last report, and start counting anew."""
        for (hook, status), times in sorted(self._refusals.items()):
            self._log.warning("deliveries were refused", hook=hook, status=status, times=times)
        self._refusals.clear()

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
        if sum(len(name) + len(value) for name, value in request.raw_headers) > self._limits.header_bytes:
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
        except Refused as error:
            raise web.HTTPUnauthorized(text=str(error)) from error
        self._hooks.accepted(hook, headers, body, now)
        if skipped:
            return web.json_response({"ignored": skipped})
        kept = {name: headers[name] for name in (*theirs.HEADERS, *_SHOWN) if name in headers}
        receipt = await self._record(Entry(hook.name, _id(key), now, json.dumps(kept), body))
        return web.json_response({"delivery": receipt.seq}, status=200 if receipt.repeated else 202)

    async def _record(self, entry: Entry) -> Receipt:
        try:
            receipt = await self._journal.record(entry)
        except JournalFault as error:
            raise overloaded("the journal cannot be written; try again") from error
        self._arrived(entry, receipt)
        say = self._log.warning if receipt.conflict else self._log.debug
        say("delivery", hook=entry.hook, delivery=receipt.seq, repeated=receipt.repeated, conflict=receipt.conflict)
        return receipt

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
        if self._journal.fault or self._journal.full:
            try:
                await self._journal.probe()
            except JournalFault as error:
                raise overloaded("the journal cannot be written") from error

    def _refused(self, hook: str, status: int, reason: str) -> None:
        self._hooks.refused(hook, f"{status}: {reason}", self._clock())
        if not self._refusals[hook, status]:
            self._log.warning("a request was refused", hook=hook, status=status)
        self._refusals[hook, status] += 1


async def _healthy() -> None:
    """Say nothing: that this runs is the answer."""


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
        found[name] = (*found.get(name, ()), value)
    return found


def _id(key: str) -> str:
    return key if key.isascii() and key.isprintable() and len(key) <= 200 else ""
