"""The forwarder beside the daemon, for `anabranch up`: a process of its own, started again when it dies.

In: its argument list. Out: nothing; it stops when its lifeline is cut, which the kernel does when the daemon is killed.
"""

import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog

from orchestrator.lifeline import Lifeline

_log = structlog.get_logger("daemon")
_FIRST_WAIT, _LONGEST_WAIT = 0.5, 30.0
_LONG_ENOUGH = 60.0
_STOP_SECONDS = 20


@contextmanager
def companion(arguments: tuple[str, ...], stopping: Callable[[], bool]) -> Iterator[None]:
    """Keep one process running until the context ends; while `stopping` is true it is not started again."""
    keeper = _Keeper(arguments, stopping)
    keeper.start()
    try:
        yield
    finally:
        keeper.end()


class _Keeper(threading.Thread):
    def __init__(self, arguments: tuple[str, ...], stopping: Callable[[], bool]):
        super().__init__(name="companion", daemon=True)
        self._arguments = arguments
        self._stopping = stopping
        self._ended = threading.Event()
        self._lifeline = Lifeline()
        self._process: subprocess.Popen[bytes] | None = None

    def run(self) -> None:
        wait = _FIRST_WAIT
        while not (self._ended.is_set() or self._stopping()):
            began = time.monotonic()
            how = self._once()
            if self._ended.is_set() or self._stopping():
                return
            wait = _FIRST_WAIT if time.monotonic() - began > _LONG_ENOUGH else wait
            _log.warning("the forwarder ended, starting it again", how=how, seconds=wait)
            self._ended.wait(wait)
            wait = min(_LONGEST_WAIT, wait * 2)

    def end(self) -> None:
        self._ended.set()
        self._lifeline.cut()
        self.join(_STOP_SECONDS)
        if self.is_alive() and self._process:
            _log.warning("the forwarder did not stop, killing it", seconds=_STOP_SECONDS)
            self._process.kill()
            self.join(_STOP_SECONDS)
        self._lifeline.close()

    def _once(self) -> str:
        """Run the process to its end; a group of its own keeps Ctrl-C from it, so that the daemon stops first."""
        try:
            self._process = subprocess.Popen(
                self._arguments,
                stdin=subprocess.DEVNULL,
                env=self._lifeline.environment(os.environ),
                pass_fds=(self._lifeline.descriptor,),
                process_group=0,
            )
        except OSError as error:
            return f"cannot be started: {error.strerror}"
        return f"status {self._process.wait()}"
