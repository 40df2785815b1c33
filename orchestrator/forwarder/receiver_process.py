"""The process that git hosts talk to: HTTP, limits and signatures, and nothing else. It holds no journal and no token.

In: from the forwarder, through a link, hooks and the answers to what it asked; from git hosts, requests on sockets that
the forwarder has bound. Out: verified entries and refusals through the link, answers to git hosts. When the link ends,
so does this, at once: what was not answered is sent again by whoever sent it.

    python -m orchestrator.forwarder.receiver_process LINK SOCKET…      (descriptors)
"""

import asyncio
import gc
import os
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any

import uvloop

from orchestrator import log
from orchestrator.domain.mask import Mask
from orchestrator.domain.webhook import Hook
from orchestrator.forwarder.entries import Entry, Receipt
from orchestrator.forwarder.fault import JournalFault
from orchestrator.forwarder.hooks import Hooks
from orchestrator.forwarder.link import Frame, Link
from orchestrator.forwarder.listen import listen
from orchestrator.forwarder.receiver import Receiver
from orchestrator.forwarder.secret_file import spellings
from orchestrator.forwarder.spoken import hook_from, limits_from

_GONE = 3


class Far:
    """The desk in the other process: whoever asks waits for its answer."""

    def __init__(self) -> None:
        self.told = asyncio.Queue[list[Any]]()
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._number = 0
        self.link = Link(self._heard, self._ended)
        self._over: asyncio.Future[None] | None = None

    async def record(self, entry: Entry, secret: int | None) -> Receipt:
        """Have a delivery kept; raises `JournalFault` when it cannot be."""
        asked = ("record", entry.hook, entry.key, entry.received_at, entry.headers, secret)
        return Receipt(*await self._ask(asked, entry.body))

    async def ready(self) -> None:
        """Ask whether a delivery would be kept; raises `JournalFault`."""
        await self._ask(("ready",))

    async def alive(self) -> None:
        """Ask whether the forwarder turns."""
        await self._ask(("alive",))

    def accepted(self, hook: str, secret: int | None, at: float) -> None:
        """Tell of a verified delivery."""
        self.link.say((0, "accepted", hook, secret, at))

    def refused(self, hook: str, status: int, reason: str, at: float) -> None:
        """Tell of a refusal."""
        self.link.say((0, "refused", hook, status, reason, at))

    async def end(self) -> None:
        """Say all that was said, then end the link."""
        self._over = asyncio.get_running_loop().create_future()
        self.link.close()
        await self._over

    async def _ask(self, asked: Sequence[Any], body: bytes = b"") -> Any:
        self._number += 1
        number, future = self._number, asyncio.get_running_loop().create_future()
        self._waiting[number] = future
        try:
            self.link.say((number, *asked), body)
            return await future
        finally:
            del self._waiting[number]

    def _heard(self, frames: Sequence[Frame]) -> None:
        for (what, *values), _ in frames:
            if what == "answers":
                self._answered(values[0])
            else:
                self.told.put_nowait([what, *values])

    def _ended(self) -> None:
        if self._over is None:
            os._exit(_GONE)
        self._over.set_result(None)

    def _answered(self, answers: Sequence[Sequence[Any]]) -> None:
        for number, fault, result in answers:
            future = self._waiting.get(number)
            if future and not future.done():
                if fault:
                    future.set_exception(JournalFault(fault))
                else:
                    future.set_result(result)


async def serve(link: socket.socket, sockets: Sequence[socket.socket]) -> None:
    """Receive until told to stop; answer what was begun before the end."""
    gc.freeze()  # as in the forwarder: what was loaded stays
    far = Far()
    await asyncio.get_running_loop().create_unix_connection(lambda: far.link, sock=link)
    _, level, form, given_limits, given_hooks = await far.told.get()
    mask, limits = log.configure(level, form, ()), limits_from(given_limits)
    hooks = Hooks(_learnt(mask, given_hooks))
    receiver = Receiver(hooks, limits, far)
    async with AsyncExitStack() as stack:
        await listen(receiver.answer, sockets, limits, stack)
        far.link.say((0, "listening"))
        while (told := await far.told.get())[0] == "hooks":
            hooks.exchange(_learnt(mask, told[1]))
            far.link.say((0, "exchanged"))
        receiver.stop()
    await far.end()


def _learnt(mask: Mask, given: Sequence[Mapping[str, Any]]) -> list[Hook]:
    """Read hooks, and let the log hide their secrets."""
    hooks = [hook_from(each) for each in given]
    mask.learn(*(text for hook in hooks for secret in hook.secrets for text in spellings(secret)))
    return hooks


def main(descriptors: Sequence[str]) -> None:
    """Leave signals to the forwarder, which says through the link when to stop."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    link, *sockets = (socket.socket(fileno=int(descriptor)) for descriptor in descriptors)
    uvloop.run(serve(link, sockets))


if __name__ == "__main__":
    main(sys.argv[1:])
