"""One child process: started in a session of its own, dying with the runner, ended with all that it started.

In: an argument list, variables, limits. Out: a pid, an exit status, the read end of its output. Forking happens in the
runner's only thread, because the kernel sends the parent-death signal when the *thread* that forked ends.
"""

import asyncio
import ctypes
import os
import resource
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from orchestrator.runtimes.process import proc
from orchestrator.runtimes.process.killing import kill_all, kill_group

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_LIBC = ctypes.CDLL(None, use_errno=True)


class Reaper:
    """Collects every child that ends, orphans that were handed to this subreaper included."""

    def __init__(self) -> None:
        _LIBC.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        self._waiting: dict[int, asyncio.Future[int]] = {}

    def expect(self, pid: int) -> asyncio.Future[int]:
        """Give the future of a child's exit status (as `subprocess` writes it: negative for a signal)."""
        self._waiting[pid] = asyncio.get_running_loop().create_future()
        return self._waiting[pid]

    def reap(self) -> None:
        """Collect who has ended; called on SIGCHLD."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            future = self._waiting.pop(pid, None)
            if future and not future.done():
                future.set_result(os.waitstatus_to_exitcode(status))


class Child:
    """A process and the group that it leads; `exited` holds the status of the leader."""

    def __init__(self, process: "subprocess.Popen[bytes]", exited: asyncio.Future[int], mark: str | None) -> None:
        self.pid = process.pid
        self.exited = exited
        self.output = process.stdout
        self._process = process
        self._mark = mark

    async def end(self, patience: float) -> None:
        """Ask the group to end, wait `patience` seconds, then kill what is left."""
        kill_group(self.pid, signal.SIGTERM)
        await asyncio.wait({self.exited}, timeout=patience)
        await self.kill()

    async def kill(self) -> None:
        """Kill the group and every process that left it but carries its mark; wait for the leader."""
        if not self.exited.done():
            kill_group(self.pid)
        kill_all(self.members)
        self._process.returncode = await self.exited

    def members(self) -> tuple[int, ...]:
        """Name the living processes of this child."""
        return proc.members(self.pid, self._mark)


def start(
    reaper: Reaper,
    argv: Sequence[str],
    environ: Mapping[str, str],
    directory: Path,
    limits: tuple[int, int],
    *,
    mark: str | None,
    output: int = subprocess.PIPE,
) -> Child:
    """Start a process; `limits` are open files and processes. Raises OSError when it cannot be executed.

    `mark` is a variable of `environ` that finds the processes again which left the session; None looks for none.
    """
    parent = os.getpid()

    def prepare() -> None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)
        for kind, wanted in zip((resource.RLIMIT_NOFILE, resource.RLIMIT_NPROC), limits, strict=True):
            _limit(kind, wanted)
        _limit(resource.RLIMIT_CORE, 0)

    process = subprocess.Popen(
        argv,
        env=dict(environ),
        cwd=directory,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        preexec_fn=prepare,  # noqa: PLW1509 - safe: this process has one thread
        bufsize=0,
    )
    return Child(process, reaper.expect(process.pid), mark)


def _limit(kind: int, wanted: int) -> None:
    _, hard = resource.getrlimit(kind)
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(kind, (most, most))
