"""The lines that services write, as newline-delimited JSON, followed for as long as the reader reads.

In: the gateway's lines, each followed service in a thread of its own. Out: a JSON object on each line; an empty line as
a sign of life; what went wrong on the way as the last object. When the reader or the daemon goes, the lines are closed.
"""

import threading
from dataclasses import dataclass

import structlog
from aiohttp import web

from orchestrator.adapters.api import lookup
from orchestrator.adapters.api.answers import encode, refusal
from orchestrator.adapters.api.board import Board
from orchestrator.adapters.api.bodies import flag, number
from orchestrator.adapters.api.handover import Handover, Said
from orchestrator.adapters.gateway import Gateway
from orchestrator.domain.snapshot import EnvironmentView
from orchestrator.errors import AnabranchError, NotFound, Temporary

KEEP_ALIVE_SECONDS = 15.0
_FIRST_SECONDS = 1.0
_MOST_THREADS = 64
_EVERY_SERVICE = "-"
_log = structlog.get_logger("api")


@dataclass(frozen=True, slots=True)
class _Question:
    environment: str
    services: tuple[str, ...]
    release: int | None
    tail: int
    follow: bool

    @property
    def threads(self) -> tuple[tuple[str, ...], ...]:
        """Which services are read one after the other by one thread."""
        return tuple((service,) for service in self.services) if self.follow else (self.services,)


class Logs:
    """GET /v1/services/{environment}/{service}/logs"""

    def __init__(self, board: Board, gateway: Gateway) -> None:
        self._board = board
        self._gateway = gateway
        self._places = threading.BoundedSemaphore(_MOST_THREADS)

    def routes(self) -> tuple[web.RouteDef, ...]:
        """The path that is answered here."""
        return (web.get("/v1/services/{environment}/{service}/logs", self.logs),)

    async def logs(self, request: web.Request) -> web.StreamResponse:
        """Stream lines; `-` as service means every service that the environment has of its own."""
        question = self._question(request)
        handover = Handover(len(question.threads))
        try:
            self._start(question, handover)
            return await _stream(request, handover)
        finally:
            handover.leave()

    def _question(self, request: web.Request) -> _Question:
        view = lookup.environment(self._board, request.match_info["environment"])
        return _Question(
            environment=view.environment,
            services=_services(view, request.match_info["service"]),
            release=number(request, "release", 0, 10**9) or None,
            tail=number(request, "tail", 100, 100_000),
            follow=flag(request, "follow"),
        )

    def _start(self, question: _Question, handover: Handover) -> None:
        for services in question.threads:
            if not self._places.acquire(blocking=False):
                raise Temporary("too many readers of logs; close one and try again")
            arguments = (question, services, handover)
            threading.Thread(target=self._pump, args=arguments, name="api-logs", daemon=True).start()

    def _pump(self, question: _Question, services: tuple[str, ...], handover: Handover) -> None:
        try:
            for service in services:
                self._pump_service(question, service, handover)
        except AnabranchError as error:
            handover.put(error)
        except Exception:
            _log.exception("logs cannot be read", environment=question.environment, services=services)
            handover.put(Temporary("the logs cannot be read; the daemon's log says why"))
        finally:
            self._places.release()
            handover.ended()

    def _pump_service(self, question: _Question, service: str, handover: Handover) -> None:
        try:
            lines = self._gateway.logs(
                question.environment, service, question.release, tail=question.tail, follow=question.follow
            )
        except NotFound:
            if len(question.services) == 1:
                raise
            return
        handover.opened(lines)
        for release, at, text in lines:
            if not handover.put(encode({"service": service, "release": release, "at": at, "text": text}) + b"\n"):
                return


async def _stream(request: web.Request, handover: Handover) -> web.StreamResponse:
    """Answer with lines until all sources ended; an error that comes first is an answer of its own."""
    response = web.StreamResponse(headers={"Content-Type": "application/x-ndjson", "Cache-Control": "no-store"})
    said = await handover.take(_FIRST_SECONDS)
    if said and isinstance(said[0], AnabranchError):
        raise said[0]
    await response.prepare(request)
    while said or not handover.over:
        await response.write(b"".join(map(_text, said)) or b"\n")
        said = await handover.take(KEEP_ALIVE_SECONDS)
    return response


def _text(said: Said) -> bytes:
    return said if isinstance(said, bytes) else encode(refusal(said)) + b"\n"


def _services(view: EnvironmentView, named: str) -> tuple[str, ...]:
    if named != _EVERY_SERVICE:
        return (lookup.service(named),)
    present = tuple(service.service for service in view.services if service.present)
    if not present:
        raise NotFound(f"{view.environment} has no services of its own (anabranch -n {view.environment} ps --all)")
    return present
