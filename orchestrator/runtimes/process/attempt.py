"""One start of a release: its ports, its process, its output, and how long it stays well.

In: a launch. Out: why it was never ready, then why it is no longer well; `end` leaves no process and no port behind.
"""

import asyncio
import subprocess
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from orchestrator.domain.workload import Probe
from orchestrator.runtimes.process import child
from orchestrator.runtimes.process.addresses import Addresses
from orchestrator.runtimes.process.groups import Groups
from orchestrator.runtimes.process.launch import Launch
from orchestrator.runtimes.process.logfile import LogFile
from orchestrator.runtimes.process.options import ProcessOptions
from orchestrator.runtimes.process.output import Output
from orchestrator.runtimes.process.probing import answers, connects, listens

_LIVENESS_FAILURES = 3
_LONGEST_LAST_LINE = 160


@dataclass(frozen=True, slots=True)
class Tools:
    """What every attempt shares."""

    options: ProcessOptions
    addresses: Addresses
    reaper: child.Reaper
    groups: Groups


class Attempt:
    """One start; `ports` leads from Score's `port` to the port of this very start."""

    def __init__(self, launch: Launch, tools: Tools, log: LogFile) -> None:
        self.ports: dict[int, int] = {}
        self._launch = launch
        self._tools = tools
        self._log = log
        self._child: child.Child | None = None
        self._output: Output | None = None
        self._waiting_for = ""

    @property
    def leader(self) -> int | None:
        """The process group, once started."""
        return self._child.pid if self._child else None

    def start(self) -> None:
        """Lend ports and start the process. Raises OSError or Temporary."""
        for port in self._launch.ports:
            self.ports[port.port] = self._tools.addresses.lend()
        self._child = self._spawn(self._launch.argv, mark=self._launch.mark)
        if self._child.output:
            self._output = Output(self._child.output, self._log)
        self._tools.groups.add(self._child.pid)

    async def until_ready(self, waiting: Callable[[str], None]) -> str:
        """Wait for readiness and return the empty text, or say why there was none; `waiting` hears what is missing."""
        deadline = self._tools.options.ready_deadline
        self._waiting_for = "its first probe has not ended"
        await _first(self._become_ready(waiting), self._process.exited, deadline)
        if self._process.exited.done():
            return self._ended(" before it was ready")
        return f"not ready after {deadline:g} s: {self._waiting_for}" if self._waiting_for else ""

    async def until_unwell(self) -> str:
        """Wait until the process ends or fails its liveness probe, and say which."""
        await _first(self._become_unwell(), self._process.exited, None)
        if self._process.exited.done():
            return self._ended("")
        return f"liveness probe failed {_LIVENESS_FAILURES} times: {self._waiting_for}"

    async def end(self) -> None:
        """End every process, politely first; give back the ports."""
        if self._child:
            await self._child.end(self._tools.options.kill_after)
            self._tools.groups.discard(self._child.pid)
        if self._output:
            self._output.close()
        for port in self.ports.values():
            self._tools.addresses.give_back(port)

    @property
    def _process(self) -> child.Child:
        if self._child is None:
            raise RuntimeError("start() comes first")
        return self._child

    async def _become_ready(self, waiting: Callable[[str], None]) -> None:
        options, launch = self._tools.options, self._launch
        if not launch.ports and not launch.readiness:
            self._waiting_for = f"alive for less than {options.ready_after:g} s"
            await asyncio.sleep(options.ready_after)
        while missing := await self._missing():
            self._waiting_for = missing
            waiting(missing)
            await asyncio.sleep(options.probe_interval)
        self._waiting_for = ""

    async def _become_unwell(self) -> None:
        failures = 0
        while failures < _LIVENESS_FAILURES:
            await asyncio.sleep(self._tools.options.liveness_interval)
            self._waiting_for = await self._probe(self._launch.liveness) if self._launch.liveness else ""
            failures = failures + 1 if self._waiting_for else 0

    async def _missing(self) -> str:
        if self._launch.readiness:
            return await self._probe(self._launch.readiness)
        for port in self.ports.values():
            missing = self._listens(port) or await connects(port, self._tools.options.probe_timeout)
            if missing:
                return missing
        return ""

    async def _probe(self, probe: Probe) -> str:
        missing = ""
        if probe.http_get:
            port = self._own_port(probe.http_get.port)
            missing = self._listens(port) or await answers(probe.http_get, port, self._tools.options.probe_timeout)
        return missing or (await self._run(probe.command) if probe.command else "")

    def _own_port(self, probed: int) -> int:
        """Translate a probe's port, the container's, into the port of this start."""
        declared = self._launch.ports
        found = [p for p in declared if p.target_port == probed] or [p for p in declared if p.port == probed]
        return self.ports[found[0].port]

    def _listens(self, port: int) -> str:
        return listens(port, self._process.members)

    async def _run(self, command: tuple[str, ...]) -> str:
        try:
            probe = self._spawn(command, mark=None, output=subprocess.DEVNULL)
        except OSError as error:
            return f"waiting for {command[0]}: {error.strerror}"
        try:
            await asyncio.wait({probe.exited}, timeout=self._tools.options.probe_timeout)
            in_time = probe.exited.done()
        finally:
            await probe.kill()
        status = probe.exited.result()
        how = _how(status) if in_time else f"no end after {self._tools.options.probe_timeout:g} s"
        return f"waiting for {command[0]}: {how}" if status or not in_time else ""

    def _spawn(self, argv: tuple[str, ...], *, mark: str | None, output: int = subprocess.PIPE) -> child.Child:
        options, launch = self._tools.options, self._launch
        limits = (options.open_files, options.processes)
        environ = launch.environ(self.ports)
        return child.start(self._tools.reaper, argv, environ, launch.tree, limits, mark=mark, output=output)

    def _ended(self, when: str) -> str:
        if self._output:
            self._output.close()
        said = f": {self._log.tail[-1][:_LONGEST_LAST_LINE]}" if self._log.tail else ""
        return f"{_how(self._process.exited.result())}{when}{said}"


async def _first(work: Coroutine[Any, Any, None], exited: asyncio.Future[int], patience: float | None) -> None:
    """Work until it is done, the process has exited or time is up."""
    task = asyncio.get_running_loop().create_task(work)
    running: set[asyncio.Future[Any]] = {task, exited}
    try:
        await asyncio.wait(running, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
    finally:
        task.cancel()
        await asyncio.wait({task})
    if not task.cancelled():
        task.result()


def _how(status: int) -> str:
    return f"killed by signal {-status}" if status < 0 else f"exited with status {status}"
