"""How much of unfinished requests may be in memory: places and bytes, counted as they arrive.

In: requests. Out: one raw body at a time, or the refusal to answer with. What is merely announced counts nothing, so
slow senders cannot keep others out.
"""

import asyncio
from types import TracebackType

from aiohttp import ClientError, web
from aiohttp.http_exceptions import HttpProcessingError

from orchestrator.forwarder.options import Limits

_RETRY_AFTER = {"Retry-After": "10"}


class Intake:
    """The bounds of all requests together."""

    def __init__(self, limits: Limits):
        self.limits = limits
        self.requests = 0
        self.held_bytes = 0

    def place(self) -> "Place":
        """Make room for one request; raises the 503 to answer with when there is none."""
        if self.requests >= self.limits.requests:
            raise overloaded()
        return Place(self)


class Place:
    """One request's room, given back at the end of its `with` block."""

    def __init__(self, intake: Intake):
        self._intake = intake
        self._held = 0

    def __enter__(self) -> "Place":
        self._intake.requests += 1
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._intake.requests -= 1
        self._intake.held_bytes -= self._held

    async def read(self, request: web.BaseRequest, most: int) -> bytes:
        """Read the raw body; raises the answer to give when it is too long, too slow or broken.

        One that is here already, as short ones are, needs no deadline.
        """
        try:
            if request.content.is_eof():
                return self._take(request.content.read_nowait(), most)
            async with asyncio.timeout(self._intake.limits.body_seconds):
                return await self._read(request, most)
        except TimeoutError as error:
            raise web.HTTPRequestTimeout(text="the body took too long") from error
        except (ClientError, HttpProcessingError, ConnectionError, ValueError) as error:
            raise web.HTTPBadRequest(text="the body ended early or is framed wrongly") from error

    async def _read(self, request: web.BaseRequest, most: int) -> bytes:
        body = bytearray()
        async for part in request.content.iter_any():
            self._hold(len(part))
            if len(body) + len(part) > most:
                raise too_long(most, len(body) + len(part))
            body += part
        return bytes(body)

    def _take(self, body: bytes, most: int) -> bytes:
        self._hold(len(body))
        if len(body) > most:
            raise too_long(most, len(body))
        return body

    def _hold(self, size: int) -> None:
        self._held += size
        self._intake.held_bytes += size
        if self._intake.held_bytes > self._intake.limits.held_bytes:
            raise overloaded()


def too_long(most: int, size: int) -> web.HTTPRequestEntityTooLarge:
    """Build the answer to a body of more than `most` bytes."""
    return web.HTTPRequestEntityTooLarge(max_size=most, actual_size=size, text=f"the body is longer than {most} bytes")


def overloaded(reason: str = "too much at once; try again") -> web.HTTPServiceUnavailable:
    """Build the one refusal that git hosts retry."""
    return web.HTTPServiceUnavailable(text=reason, headers=_RETRY_AFTER)
