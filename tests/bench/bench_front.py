"""A request on a connection of its own, and on one that is kept: through a stable address, and straight to the service.

The address and the service are processes of their own, as they are in life.
"""

import asyncio
import contextlib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import figures as told

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
REQUEST = b"GET / HTTP/1.1\r\nHost: service\r\n\r\n"


def figures(*, quick: bool) -> Iterator[str]:
    """Yield lines of results."""
    rounds = 200 if quick else 3000
    with _process("service") as service, _process("front", str(service)) as front:
        for what, measure in (("new connection", _fresh), ("kept connection", _kept)):
            ours, theirs = measure((front, service), rounds)
            for percent in (50, 99):
                through, direct = told.percentile(ours, percent), told.percentile(theirs, percent)
                yield told.compared(f"{what}, p{percent}", through, direct, "direct")


@contextlib.contextmanager
def _process(*arguments: str) -> Iterator[int]:
    """Run this file as a process and give the port that it tells."""
    with subprocess.Popen((sys.executable, __file__, *arguments), stdout=subprocess.PIPE) as process:
        assert process.stdout
        try:
            yield int(process.stdout.readline())
        finally:
            process.kill()


def _fresh(ports: tuple[int, ...], rounds: int) -> list[list[float]]:
    """Take turns, so that whatever else the machine does falls on both."""
    took: list[list[float]] = [[] for _ in ports]
    for _ in range(rounds):
        for index, port in enumerate(ports):
            began = time.perf_counter()
            with socket.create_connection(("127.0.0.1", port)) as connection:
                _ask(connection)
            took[index].append(time.perf_counter() - began)
    return took


def _kept(ports: tuple[int, ...], rounds: int) -> list[list[float]]:
    took: list[list[float]] = [[] for _ in ports]
    connections = [socket.create_connection(("127.0.0.1", port)) for port in ports]
    for _ in range(rounds):
        for index, connection in enumerate(connections):
            began = time.perf_counter()
            _ask(connection)
            took[index].append(time.perf_counter() - began)
    for connection in connections:
        connection.close()
    return took


def _ask(connection: socket.socket) -> None:
    connection.sendall(REQUEST)
    got = 0
    while got < len(ANSWER):
        got += len(connection.recv(4096)) or len(ANSWER)


class _Service(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, _: bytes) -> None:
        self.transport.write(ANSWER)


async def _serve() -> None:
    server = await asyncio.get_running_loop().create_server(_Service, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.Event().wait()


async def _lead(target: int) -> None:
    from orchestrator.runtimes.process.front import Front

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    front = Front(port, drain=1.0, idle_after=60.0)
    front.lead(target)
    print(port, flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_lead(int(sys.argv[2])) if sys.argv[1] == "front" else _serve())
