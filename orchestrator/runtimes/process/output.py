"""The read end of a child's standard output and error, read as it fills."""

import asyncio
import os
from typing import IO

from orchestrator.runtimes.process.logfile import LogFile

_CHUNK = 16 * 1024
_MOST_AT_END = 64


class Output:
    """Reads a pipe into a log, a chunk at a turn of the loop, so that no writer keeps the others waiting."""

    def __init__(self, pipe: IO[bytes], log: LogFile) -> None:
        self._pipe = pipe
        self._log = log
        os.set_blocking(pipe.fileno(), False)
        asyncio.get_running_loop().add_reader(pipe, self._read)

    def close(self) -> None:
        """Read what is already in the pipe, then let go of it."""
        for _ in range(_MOST_AT_END):
            if self._pipe.closed or not self._read():
                break
        self._log.flush()
        self._let_go()

    def _read(self) -> bool:
        try:
            data = os.read(self._pipe.fileno(), _CHUNK)
        except BlockingIOError:
            return False
        if not data:
            self._let_go()
            return False
        self._log.write(data)
        return True

    def _let_go(self) -> None:
        if not self._pipe.closed:
            asyncio.get_running_loop().remove_reader(self._pipe)
            self._pipe.close()
