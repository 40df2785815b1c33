"""A forwarded connection carries resets and large bodies both ways; the backend here is a socket of the test's own."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator

import pytest

from orchestrator.runtimes.process.front import Front

RESET = struct.pack("ii", 1, 0)


@contextlib.asynccontextmanager
async def forwarded() -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter, socket.socket]]:
    """A client's streams and the backend's socket, joined by a front."""
    with socket.create_server(("127.0.0.1", 0)) as backend, socket.socket() as reserved:
        backend.settimeout(0)
        reserved.bind(("127.0.0.1", 0))
        port = reserved.getsockname()[1]
        reserved.close()
        front = Front(port, drain=1, idle_after=0.1)
        front.lead(backend.getsockname()[1])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        accepted, _ = await asyncio.get_running_loop().sock_accept(backend)
        with accepted:
            yield reader, writer, accepted
        front.close()
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


def test_a_reset_of_the_backend_resets_the_client() -> None:
    async def story() -> None:
        async with forwarded() as (reader, writer, backend):
            writer.write(b"x")
            await asyncio.get_running_loop().sock_recv(backend, 1)
            backend.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            backend.close()
            with pytest.raises(ConnectionResetError):
                await asyncio.wait_for(reader.read(), 5)

    asyncio.run(story())


def test_a_reset_of_the_client_resets_the_backend() -> None:
    async def story() -> None:
        async with forwarded() as (_, writer, backend):
            writer.write(b"x")
            loop = asyncio.get_running_loop()
            assert await loop.sock_recv(backend, 1) == b"x"
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            writer.transport.abort()
            with pytest.raises(ConnectionResetError):
                await asyncio.wait_for(loop.sock_recv(backend, 1), 5)

    asyncio.run(story())


def test_a_half_close_of_the_backend_leaves_the_client_free_to_send() -> None:
    async def story() -> None:
        async with forwarded() as (reader, writer, backend):
            loop = asyncio.get_running_loop()
            await loop.sock_sendall(backend, b"banner")
            backend.shutdown(socket.SHUT_WR)
            assert await asyncio.wait_for(reader.read(), 5) == b"banner"
            writer.write(b"late")
            assert await asyncio.wait_for(loop.sock_recv(backend, 10), 5) == b"late"

    asyncio.run(story())


def test_a_slow_reader_holds_the_writer_back_and_loses_nothing() -> None:
    async def story() -> None:
        async with forwarded() as (reader, writer, backend):
            body = bytes(range(256)) * 16_384
            sending = asyncio.create_task(asyncio.get_running_loop().sock_sendall(backend, body))
            await asyncio.wait({sending}, timeout=0.2)
            received = await asyncio.wait_for(reader.readexactly(len(body)), 10)
            await sending
            assert received == body
            assert not writer.is_closing()

    asyncio.run(story())


def test_a_backend_that_refuses_resets_the_client() -> None:
    async def story() -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener, socket.socket() as nobody:
            nobody.bind(("127.0.0.1", 0))
            port = listener.getsockname()[1]
            listener.close()
            front = Front(port, drain=1, idle_after=0.1)
            front.lead(nobody.getsockname()[1])
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            with pytest.raises(ConnectionResetError):
                await asyncio.wait_for(reader.read(), 5)
            front.close()
            writer.close()

    asyncio.run(story())
