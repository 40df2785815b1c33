"""The receiver in the forwarder's own process.

In: sockets that git hosts connect to. Out: what was verified and refused, at the desk. Takes the place of `apart.py`.
"""

import asyncio
import socket
from collections.abc import Sequence
from contextlib import AsyncExitStack

from orchestrator.forwarder.desk import Desk
from orchestrator.forwarder.hooks import Hooks
from orchestrator.forwarder.listen import listen
from orchestrator.forwarder.options import Limits
from orchestrator.forwarder.receiver import Receiver


class Here:
    """One receiver, between `start` and `stop`."""

    def __init__(self, desk: Desk, hooks: Hooks, limits: Limits, sockets: Sequence[socket.socket]) -> None:
        self._receiver = Receiver(hooks, limits, desk)
        self._limits = limits
        self._sockets = sockets
        self._stack = AsyncExitStack()

    async def start(self) -> None:
        """Accept requests."""
        await listen(self._receiver.answer, self._sockets, self._limits, self._stack)

    async def keep(self) -> None:
        """Wait for nothing: this ends with the process."""
        await asyncio.Event().wait()

    async def exchange(self) -> None:
        """Return, because the hooks of now are served already."""

    async def stop(self) -> None:
        """Accept nothing more, and answer what was begun."""
        self._receiver.stop()
        await self._stack.aclose()
