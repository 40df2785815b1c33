"""One release, kept running: started, judged, started again after a failure, ended with all that it started.

In: a launch. Out: `changed` is called whenever its observation may be another one. After a failure it is tried again
with doubled delays; three failures before it is Ready, or one after, show as Degraded until it is Ready again. The
reason stays that of the last failure meanwhile.
"""

import asyncio
import subprocess
import time
from collections.abc import Callable

from orchestrator.domain.status import Health, Observation
from orchestrator.domain.text import printable
from orchestrator.errors import AnabranchError
from orchestrator.runtimes.process.addresses import HOST
from orchestrator.runtimes.process.attempt import Attempt, Tools
from orchestrator.runtimes.process.launch import Launch
from orchestrator.runtimes.process.logfile import LogFile, remark

_FAILURES_TO_DEGRADE = 3


class Life:
    """A release on this machine; `settled` tells that it was Ready once, `ready` that it is so now.

    It starts after `predecessor` is done: the end of an earlier life of the same release.
    """

    def __init__(
        self,
        launch: Launch,
        tools: Tools,
        changed: "Callable[[Life], None]",
        *,
        settled: bool,
        predecessor: asyncio.Task[None] | None,
    ) -> None:
        self.launch = launch
        self.settled = settled
        self.ready = False
        self._tools = tools
        self._changed = changed
        self._health = Health.PROGRESSING
        self._reason = "starting"
        self._tries = 0
        self._failures = 0
        self._troubled = False
        self._earlier: tuple[str, ...] = ()
        self._loop = asyncio.get_running_loop()
        self._born = self._ready_at = self._loop.time()
        self._log = LogFile(launch.directory, tools.options.log_bytes, time.time)
        self._attempt = Attempt(launch, tools, self._log)
        self._task = self._loop.create_task(self._run(predecessor))

    @property
    def name(self) -> tuple[str, str, int]:
        """Environment, service, release."""
        return self.launch.environment, self.launch.service, self.launch.release

    @property
    def ports(self) -> dict[int, int]:
        """Score's `port` → the port of the current start."""
        return self._attempt.ports

    @property
    def leader(self) -> int | None:
        """The process group, if there is one."""
        return self._attempt.leader

    def observation(self) -> Observation:
        """Say how the release is, now."""
        tail = (tuple(self._log.tail) or self._earlier) if self._troubled else ()
        address = f"{HOST}:{next(iter(self.ports.values()))}" if self.ports else ""
        return Observation(*self.name, self._health, self._reason, tail, self._tries, address)

    async def stop(self) -> None:
        """End the release: politely first, then for certain."""
        self.ready = False
        self._task.cancel()
        await asyncio.wait({self._task})
        await self._attempt.end()
        self._log.close()

    async def _run(self, predecessor: asyncio.Task[None] | None) -> None:
        if predecessor:
            await asyncio.wait({predecessor})
        while True:
            self._tries += 1
            try:
                self._fail(await self._try())
            except OSError as error:
                self._fail(f"cannot start {error.filename or self.launch.argv[0]}: {error.strerror}")
            except (AnabranchError, subprocess.SubprocessError, ValueError) as error:
                self._fail(f"cannot start {self.launch.argv[0]}: {error}")
            await self._attempt.end()
            await asyncio.sleep(self._delay())

    async def _try(self) -> str:
        self._earlier = tuple(self._log.tail) or self._earlier
        if self._tries > 1:
            self._log.write(remark(f"try {self._tries}"))
        self._log.tail.clear()
        self._attempt = Attempt(self.launch, self._tools, self._log)
        self._attempt.start()
        self._changed(self)
        unready = await self._attempt.until_ready(self._wait_for)
        if unready:
            return unready
        self._become_ready()
        return await self._attempt.until_unwell()

    def _wait_for(self, missing: str) -> None:
        if not self._troubled:
            self._reason = printable(missing)
        self._changed(self)

    def _become_ready(self) -> None:
        self.ready = self.settled = True
        self._ready_at = self._loop.time()
        self._health, self._reason, self._troubled = Health.READY, "", False
        self._changed(self)

    def _fail(self, reason: str) -> None:
        now, options = self._loop.time(), self._tools.options
        if self.ready and now - self._ready_at > options.backoff_max:
            self._failures = 0
        self._failures += 1
        late = now - self._born >= options.ready_deadline
        if self.settled or late or self._failures >= _FAILURES_TO_DEGRADE:
            self._health = Health.DEGRADED
        self._reason, self._troubled = printable(reason), True
        self.ready = False
        self._changed(self)

    def _delay(self) -> float:
        options = self._tools.options
        return min(options.backoff_max, options.backoff_first * 2.0 ** min(self._failures - 1, 30))
