"""What a service writes, kept as lines: the runner writes them, the client reads them.

In: the raw bytes of a child. Out: lines `<seconds since the epoch> <visible text>` in `log`, and those before them
in `log.1`. Lines are cut at 8 KiB; tabs become spaces, control characters and bytes that are no UTF-8 `\\xNN`.
"""

from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from orchestrator.domain.text import hidden, printable

LONGEST = 8 * 1024
NEWEST, OLDER = "log", "log.1"
_TAIL = 20


class LogFile:
    """The log of one release; `tail` holds its last lines."""

    def __init__(self, directory: Path, limit: int, clock: Callable[[], float]) -> None:
        self._directory = directory
        self._limit = limit
        self._clock = clock
        self._partial = b""
        self._file: BinaryIO | None = None
        self.tail: deque[str] = deque(maxlen=_TAIL)

    def write(self, data: bytes) -> None:
        """Take what was read; a disk that is full loses lines, never the service."""
        *lines, self._partial = (self._partial + data).split(b"\n")
        cut = [piece for line in lines for piece in _cut(line)]
        while len(self._partial) > LONGEST:
            piece, self._partial = _split(self._partial)
            cut.append(piece)
        self._append([visible(line) for line in cut])

    def flush(self) -> None:
        """Write the line that was never ended, if any."""
        if self._partial:
            self.write(b"\n")

    def close(self) -> None:
        """Write what is left and let go of the file."""
        self.flush()
        if self._file:
            self._file.close()
            self._file = None

    def _append(self, texts: list[str]) -> None:
        self.tail.extend(texts)
        at = f"{self._clock():.3f}"
        try:
            self._open().write("".join(f"{at} {text}\n" for text in texts).encode())
        except OSError:
            return

    def _open(self) -> BinaryIO:
        if self._file and self._file.tell() >= self._limit:
            self._file.close()
            self._file = None
            (self._directory / NEWEST).replace(self._directory / OLDER)
        if self._file is None:
            self._file = (self._directory / NEWEST).open("ab", buffering=0)
        return self._file


def remark(text: str) -> bytes:
    """Write a line of ours so that nobody takes it for the service's."""
    return f"-- {text} --\n".encode()


def visible(line: bytes) -> str:
    """Show a line without anything that a terminal would obey."""
    text = line.removesuffix(b"\r").decode("utf-8", "surrogateescape").expandtabs()
    return printable(text, 4 * len(text)) if hidden(text) else text


def _cut(line: bytes) -> list[bytes]:
    pieces = []
    while len(line) > LONGEST:
        piece, line = _split(line)
        pieces.append(piece)
    return [*pieces, line]


def _split(line: bytes) -> tuple[bytes, bytes]:
    """Cut before a character, not inside it: a byte 10xxxxxx continues one."""
    at = next((at for at in range(LONGEST, LONGEST - 4, -1) if line[at] & 0xC0 != 0x80), LONGEST)
    return line[:at], line[at:]
