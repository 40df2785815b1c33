"""Read the lines of one release back from its files, and go on with new ones while it lives."""

import os
import re
import threading
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from orchestrator.runtimes import LogLine
from orchestrator.runtimes.process.logfile import NEWEST, OLDER

_POLL = 0.1
_LINE = re.compile(rb"([0-9]{1,10}\.[0-9]{3}) ([^\n]*)\n?")


class LogReader(Iterator[LogLine]):
    """The last `tail` lines, then new ones while `follow`, until `over`; `close` from any thread ends it, too."""

    def __init__(
        self, directory: Path, name: tuple[str, str, int], over: threading.Event, *, tail: int, follow: bool
    ) -> None:
        self._directory = directory
        self._name = name
        self._over = over
        self._closed = threading.Event()
        self._reading = threading.Lock()
        self._file: BinaryIO | None = None
        self._partial = b""
        last = deque(self._older(), maxlen=max(tail, 0))
        last.extend(self._new())
        self._ready = deque(last)
        if not follow:
            self.close()

    def __next__(self) -> LogLine:
        while not self._ready and not self._closed.is_set() and not self._over.is_set():
            gone = not self._directory.exists()
            with self._reading:
                self._ready.extend(self._new())
            if gone and not self._ready:
                break
            if not self._ready:
                self._closed.wait(_POLL)
        if not self._ready:
            self.close()
            raise StopIteration
        return self._ready.popleft()

    def close(self) -> None:
        """Read no more; lines that were read already still come."""
        self._closed.set()
        with self._reading:
            self._let_go()

    def _older(self) -> Iterator[LogLine]:
        try:
            with (self._directory / OLDER).open("rb") as file:
                for line in file:
                    yield from self._line(line)
        except FileNotFoundError:
            return

    def _new(self) -> Iterator[LogLine]:
        """Read on; where the file was put aside meanwhile, to its end and then the new one."""
        while not self._closed.is_set():
            if self._file is None:
                try:
                    self._file = (self._directory / NEWEST).open("rb")
                except FileNotFoundError:
                    return
            replaced = self._is_replaced()
            for chunk in self._file:
                self._partial += chunk
                if self._partial.endswith(b"\n"):
                    yield from self._line(self._partial)
                    self._partial = b""
            if not replaced:
                return
            self._let_go()

    def _is_replaced(self) -> bool:
        try:
            current = (self._directory / NEWEST).stat()
        except FileNotFoundError:
            return False
        return self._file is not None and not os.path.samestat(current, os.fstat(self._file.fileno()))

    def _line(self, line: bytes) -> tuple[LogLine, ...]:
        """Read a line; one that a full disk or a lost runner left half written, and its successor, may be lost."""
        found = _LINE.fullmatch(line)
        return (LogLine(*self._name, float(found[1]), found[2].decode(errors="replace")),) if found else ()

    def _let_go(self) -> None:
        if self._file:
            self._file.close()
            self._file = None
