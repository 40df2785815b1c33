"""One forwarded connection: bytes both ways, half-close passed on, a reset on one side resets the other.

In: an accepted client and a port to connect it to. Out: `join` ends when both sides are closed.
"""

import asyncio
import socket
import struct
from typing import cast

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Pipe:
    """A client and the backend at port `target`; `asking` tells that the client spoke last and waits."""

    def __init__(self, target: int) -> None:
        loop = asyncio.get_running_loop()
        self.target = target
        self.asking = False
        self.moved = loop.time()
        self.deadline: float | None = None
        self._ends: list[_End] = []
        self._closed: asyncio.Future[None] = loop.create_future()

    async def join(self, client: socket.socket, host: str, patience: float) -> None:
        """Connect both sides and forward until both are closed; a backend that refuses resets the client."""
        loop = asyncio.get_running_loop()
        backend_end, client_end = _End(self, from_client=False), _End(self, from_client=True)
        backend_end.peer, client_end.peer = client_end, backend_end
        try:
            async with asyncio.timeout(patience):
                await loop.create_connection(lambda: backend_end, host, self.target)
        except (OSError, TimeoutError):
            reset_on_close(client)
            client.close()
            return
        await loop.connect_accepted_socket(lambda: client_end, client)
        await self._closed

    def add(self, end: "_End") -> None:
        """Note an end that is connected; nothing is read before both are."""
        self._ends.append(end)
        if len(self._ends) == 1:
            end.transport.pause_reading()
        else:
            self._ends[0].transport.resume_reading()

    def lost(self, end: "_End") -> None:
        """Note an end that is gone."""
        self._ends.remove(end)
        if not self._ends and not self._closed.done():
            self._closed.set_result(None)

    def touch(self, *, from_client: bool) -> None:
        """Note that bytes moved."""
        self.asking = from_client
        self.moved = asyncio.get_running_loop().time()

    def close(self) -> None:
        """Close both sides after what is written has been sent."""
        for end in tuple(self._ends):
            end.transport.close()

    def abort(self) -> None:
        """Reset both sides."""
        for end in tuple(self._ends):
            end.reset()


class _End(asyncio.Protocol):
    transport: asyncio.Transport
    peer: "_End"

    def __init__(self, pipe: Pipe, *, from_client: bool) -> None:
        self._pipe = pipe
        self._from_client = from_client
        self._ended = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self._pipe.add(self)

    def data_received(self, data: bytes) -> None:
        self._pipe.touch(from_client=self._from_client)
        self.peer.transport.write(data)

    def eof_received(self) -> bool:
        self._ended = True
        if self.peer._ended:
            self._pipe.close()
        elif not self.peer.transport.is_closing():
            self.peer.transport.write_eof()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        self._pipe.lost(self)
        if exc is None:
            self.peer.transport.close()
        elif not self.peer.transport.is_closing():
            self.peer.reset()

    def pause_writing(self) -> None:
        self.peer.transport.pause_reading()

    def resume_writing(self) -> None:
        self.peer.transport.resume_reading()

    def reset(self) -> None:
        """Let the other side know that this one broke off."""
        reset_on_close(self.transport.get_extra_info("socket"))
        self.transport.abort()


def reset_on_close(connection: socket.socket) -> None:
    """Make closing this connection send a reset instead of an orderly end."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
