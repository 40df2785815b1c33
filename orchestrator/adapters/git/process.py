"""Run one git process: in a group of its own, with a deadline, with capped output, and killed whole.

In: arguments that are constants, object ids, our own paths and the configured URL, never a branch name. Out: what it
wrote. The caller judges the exit code; only what the runner itself ended is raised from here.
"""

import contextlib
import os
import resource
import selectors
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO

from orchestrator.adapters.git.environment import environment, first_arguments
from orchestrator.adapters.git.options import GitOptions
from orchestrator.domain.git_url import GitUrl, without_credentials
from orchestrator.domain.text import printable
from orchestrator.errors import Permanent, Temporary

_ERROR_BYTES = 64 * 1024
_CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a git process left: its exit code, its output, and why it failed in one line."""

    code: int
    output: bytes
    reason: str


@dataclass(frozen=True, slots=True)
class GitRunner:
    """Starts git processes for one repository, whose `name` begins every error line."""

    name: str
    url: GitUrl
    options: GitOptions

    def run(
        self,
        *arguments: str,
        deadline: float | None = None,
        stall: float | None = None,
        holding: tuple[int, ...] = (),
    ) -> Outcome:
        """Run one command to its end.

        `deadline` (None: the options' one) bounds all of it, `stall` the silence in between; `holding` are descriptors
        that the process keeps open too. A command that names the URL waits for a place at its host first. Raises
        Temporary when a limit ended it.
        """
        if self.url.text not in arguments:
            return self._run(arguments, deadline, stall, holding)
        with self.options.places.at(self.url.host, self.name, self.options.deadline):
            return self._run(arguments, deadline, stall, holding)

    def _run(
        self, arguments: Sequence[str], deadline: float | None, stall: float | None, holding: tuple[int, ...]
    ) -> Outcome:
        process = self._start(arguments, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, holding=holding)
        try:
            output, errors = _Listener(self, process, deadline or self.options.deadline, stall).listen()
        finally:
            kill_group(process)
        return Outcome(process.returncode, output, reason(errors))

    def open(self, *arguments: str) -> "subprocess.Popen[bytes]":
        """Start a command that is asked over its stdin and answers on its stdout; the caller ends it."""
        return self._start(arguments, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)

    def _start(
        self, arguments: Sequence[str], *, stdin: int, stderr: int, holding: tuple[int, ...] = ()
    ) -> "subprocess.Popen[bytes]":
        command = ["git", *first_arguments(self.options), *arguments]
        variables = environment(self.options, self.url)
        try:
            process = subprocess.Popen(
                command,
                env=variables,
                cwd="/",
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=stderr,
                pass_fds=holding,
                start_new_session=True,
            )
        except FileNotFoundError as error:
            raise Permanent("git is not installed, or not on PATH: install git 2.30 or newer") from error
        except OSError as error:
            raise Temporary(f"{self.name}: git cannot be started: {error.strerror}") from error
        _limit_files(process.pid, self.options.pack_bytes)
        return process


class _Listener:
    """Reads both pipes of one process until they end or a limit is reached."""

    def __init__(
        self, runner: GitRunner, process: "subprocess.Popen[bytes]", deadline: float, stall: float | None
    ) -> None:
        self._runner = runner
        self._process = process
        self._deadline = deadline
        self._ends = time.monotonic() + deadline
        self._stall = stall
        self._output = bytearray()
        self._errors = bytearray()

    def listen(self) -> tuple[bytes, bytes]:
        with selectors.DefaultSelector() as selector:
            for pipe, buffer in ((self._process.stdout, self._output), (self._process.stderr, self._errors)):
                assert pipe is not None  # noqa: S101  (both were asked for)
                selector.register(pipe, selectors.EVENT_READ, buffer)
            while selector.get_map():
                self._listen_once(selector)
        self._wait()
        return bytes(self._output), bytes(self._errors)

    def _listen_once(self, selector: selectors.BaseSelector) -> None:
        left = self._ends - time.monotonic()
        ready = selector.select(max(0.0, min(left, self._stall or left)))
        if not ready or left <= 0:
            raise self._too_slow(left)
        for key, _ in ready:
            chunk = os.read(key.fd, _CHUNK)
            if not chunk:
                selector.unregister(key.fileobj)
            self._keep(key.data, chunk)

    def _keep(self, buffer: bytearray, chunk: bytes) -> None:
        buffer += chunk
        if buffer is self._errors:
            del buffer[:-_ERROR_BYTES]
        elif len(buffer) > self._runner.options.listing_bytes:
            raise Temporary(f"{self._runner.name}: git answered more than {self._runner.options.listing_bytes} bytes")

    def _wait(self) -> None:
        try:
            self._process.wait(max(0.0, self._ends - time.monotonic()))
        except subprocess.TimeoutExpired as error:
            raise self._too_slow(0) from error

    def _too_slow(self, left: float) -> Temporary:
        if self._stall is not None and self._stall < left:
            return Temporary(f"{self._runner.name}: git showed no progress for {self._stall:g} s and was ended")
        return Temporary(f"{self._runner.name}: git did not answer within {self._deadline:g} s and was ended")


def kill_group(process: "subprocess.Popen[bytes]") -> None:
    """End a process and all that it started, reap it, and close its pipes; may be called twice."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    for pipe in (process.stdin, process.stdout, process.stderr):
        _close(pipe)


def reason(errors: bytes) -> str:
    """Reduce what git wrote on stderr to the line that says what failed and the one before it."""
    lines = [line.strip() for line in errors.decode("utf-8", "surrogateescape").splitlines() if line.strip()]
    last = next((at for at, line in enumerate(lines) if line.startswith(("fatal:", "error:"))), len(lines) - 1)
    return printable(without_credentials("; ".join(lines[max(0, last - 1) : last + 1])), 300)


def _close(pipe: IO[bytes] | None) -> None:
    if pipe is not None:
        with contextlib.suppress(BrokenPipeError):
            pipe.close()


def _limit_files(pid: int, size: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, size))
