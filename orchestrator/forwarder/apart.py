"""The receiver process, kept: started, told of hooks, started again when it ends, stopped.

In: sockets that git hosts connect to. Out: a process that answers on them; what it says is heard in `hearing.py`.
Connections that come while there is none wait for the next one.
"""

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from structlog.typing import FilteringBoundLogger

from orchestrator.errors import Temporary
from orchestrator.forwarder.desk import Desk
from orchestrator.forwarder.hearing import Hearing
from orchestrator.forwarder.hooks import Hooks
from orchestrator.forwarder.options import Limits, LogForm
from orchestrator.forwarder.spoken import hook_to, limits_to

_MODULE = "orchestrator.forwarder.receiver_process"
_SAME_CODE = Path(__file__).parents[2]
_ANSWER_SECONDS = 30.0
_PAUSE_SECONDS = 1.0
_LAST_SECONDS = 2.0


class Apart:
    """One receiver process at a time, between `start` and `stop`."""

    def __init__(
        self,
        desk: Desk,
        hooks: Hooks,
        limits: Limits,
        sockets: Sequence[socket.socket],
        form: LogForm,
        log: FilteringBoundLogger,
    ) -> None:
        self._desk = desk
        self._hooks = hooks
        self._limits = limits
        self._sockets = sockets
        self._form = form
        self._log = log
        self._exchanging = asyncio.Lock()
        self._stopping = False

    async def start(self) -> None:
        """Start the process; returns once it accepts requests. Raises `Temporary` when it does not."""
        self._heard = Hearing(self._desk, self._log)
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = self._spawn(theirs)
        await asyncio.get_running_loop().create_unix_connection(lambda: self._heard.link, sock=ours)
        hooks = [hook_to(hook) for hook in self._hooks.current.values()]
        self._heard.link.say(("begin", self._form.level, self._form.form, limits_to(self._limits), hooks))
        await self._until(self._heard.listening)

    async def keep(self) -> None:
        """Start the process again whenever it ends, until `stop`."""
        while True:
            await self._heard.ended.wait()
            if self._stopping:
                return
            self._log.error("the receiver ended, and is started again", status=await self._reap())
            await asyncio.sleep(_PAUSE_SECONDS)
            if self._stopping:
                return
            try:
                await self.start()
            except Temporary as error:
                self._log.error("the receiver was not started", reason=str(error))
                self._heard.link.abort()

    async def exchange(self) -> None:
        """Have the process serve the hooks of now; returns once it does. Raises `Temporary` when it does not answer."""
        async with self._exchanging:
            self._heard.exchanged.clear()
            self._heard.link.say(("hooks", [hook_to(hook) for hook in self._hooks.current.values()]))
            await self._until(self._heard.exchanged)

    async def stop(self) -> None:
        """Accept nothing more, answer what was begun, and end the process."""
        self._stopping = True
        for taken in self._sockets:
            taken.close()
        self._heard.link.say(("stop",))
        try:
            await asyncio.wait_for(self._heard.ended.wait(), self._limits.stop_seconds + _LAST_SECONDS)
        except TimeoutError:
            self._log.error("the receiver did not end, and is killed")
        await self._reap()
        await self._heard.finish()

    def _spawn(self, link: socket.socket) -> subprocess.Popen[bytes]:
        descriptors = [link.fileno(), *(taken.fileno() for taken in self._sockets)]
        words = (sys.executable, "-P", "-m", _MODULE, *map(str, descriptors))
        environ = {**os.environ, "PYTHONPATH": str(_SAME_CODE)}
        return subprocess.Popen(words, env=environ, stdin=subprocess.DEVNULL, pass_fds=descriptors)

    async def _reap(self) -> int:
        """Wait for the end of a process that ends by itself, or else end it; returns its status."""
        try:
            return await asyncio.to_thread(self._process.wait, _LAST_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return await asyncio.to_thread(self._process.wait)

    async def _until(self, event: asyncio.Event) -> None:
        waits = [asyncio.create_task(each.wait()) for each in (event, self._heard.ended)]
        try:
            await asyncio.wait(waits, timeout=_ANSWER_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in waits:
                each.cancel()
        if not event.is_set():
            raise Temporary("forwarder: the receiver process ended, or does not answer; its log says why")
