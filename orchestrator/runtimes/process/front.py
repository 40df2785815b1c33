"""A stable address: one port of ours that leads to a release, or refuses.

In: the port number to lead to, or None. Out: connections forwarded; those that lead to a former release are closed when
idle, and the rest after the drain time. Without a target the port stays bound, and so ours, but nobody listens.
"""

import asyncio
import errno
import socket

from orchestrator.runtimes.process import proc
from orchestrator.runtimes.process.addresses import HOST
from orchestrator.runtimes.process.pipe import Pipe
from orchestrator.runtimes.process.probing import taker

_BACKLOG = 512
_PAUSE = 1.0
_SWEEP = 0.1
_CONNECT = 5.0


class Front:
    """One stable address; `taken` says by whom, while it is not ours."""

    def __init__(self, port: int, *, drain: float, idle_after: float) -> None:
        self.port = port
        self.taken = ""
        self._drain = drain
        self._idle_after = idle_after
        self._target: int | None = None
        self._socket: socket.socket | None = None
        self._listening = False
        self._pipes: dict[asyncio.Task[None], Pipe] = {}
        self._sweeper: asyncio.Task[None] | None = None
        self._open()

    def lead(self, target: int | None) -> None:
        """Send new connections to `target` from now on; None refuses them."""
        if target == self._target:
            return
        self._target = target
        self._open()
        self._age()

    def heal(self) -> bool:
        """Try again to get a port that was taken; tell whether anything changed."""
        before = self.taken
        if before:
            self._open()
        return before != self.taken

    def through(self, ports: frozenset[int]) -> tuple[asyncio.Task[None], ...]:
        """Give the connections through this address that end at one of these ports."""
        return tuple(task for task, pipe in self._pipes.items() if pipe.target in ports)

    def close(self) -> None:
        """Give the port up and reset its connections."""
        self._shut()
        for pipe in self._pipes.values():
            pipe.abort()

    def _open(self) -> None:
        """Have the socket that the target asks for: listening, or bound only."""
        wanted = self._target is not None
        if self._socket and self._listening == wanted and not self.taken:
            return
        self._shut()
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.settimeout(0)
        try:
            listener.bind((HOST, self.port))
            if wanted:
                listener.listen(_BACKLOG)
        except OSError as error:
            listener.close()
            held = error.errno == errno.EADDRINUSE
            self.taken = f"taken by {taker(proc.listeners(self.port))}" if held else f"not available: {error.strerror}"
            return
        self.taken = ""
        self._socket, self._listening = listener, wanted
        if wanted:
            self._resume(listener)

    def _shut(self) -> None:
        if self._socket:
            asyncio.get_running_loop().remove_reader(self._socket)
            self._socket.close()
            self._socket = None

    def _resume(self, listener: socket.socket) -> None:
        if listener is self._socket and self._listening:
            asyncio.get_running_loop().add_reader(listener, self._accept, listener)

    def _accept(self, listener: socket.socket) -> None:
        try:
            client, _ = listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return
        except OSError:
            loop = asyncio.get_running_loop()
            loop.remove_reader(listener)
            loop.call_later(_PAUSE, self._resume, listener)
            return
        if self._target is None:
            client.close()
            return
        client.settimeout(0)
        pipe = Pipe(self._target)
        task = asyncio.get_running_loop().create_task(pipe.join(client, HOST, _CONNECT))
        self._pipes[task] = pipe
        task.add_done_callback(self._pipes.pop)

    def _age(self) -> None:
        deadline = asyncio.get_running_loop().time() + self._drain
        for pipe in self._pipes.values():
            pipe.deadline = None if pipe.target == self._target else pipe.deadline or deadline
        if self._sweeper is None or self._sweeper.done():
            self._sweeper = asyncio.get_running_loop().create_task(self._sweep())

    async def _sweep(self) -> None:
        while any(pipe.deadline for pipe in self._pipes.values()):
            now = asyncio.get_running_loop().time()
            for pipe in self._pipes.values():
                if pipe.deadline and now >= pipe.deadline:
                    pipe.abort()
                elif pipe.deadline and not pipe.asking and now >= pipe.moved + self._idle_after:
                    pipe.close()
            await asyncio.sleep(_SWEEP)
