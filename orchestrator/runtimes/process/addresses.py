"""Port numbers: the stable ones, kept on file, and those that releases are given for one start.

In: (environment, service, Score port). Out: a port of 127.0.0.1 from the configured range that nobody else has.
"""

import socket
import zlib
from itertools import chain
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from orchestrator.errors import Temporary
from orchestrator.runtimes.process.replace import replace

HOST = "127.0.0.1"
Place = tuple[str, str, int]
"""(environment, service, Score port)."""

_FILE: TypeAdapter[list[tuple[Place, int]]] = TypeAdapter(list[tuple[Place, int]])


class Addresses:
    """The port numbers of one state directory."""

    def __init__(self, path: Path, ports: tuple[int, int]) -> None:
        self._path = path
        self._first, self._last = ports
        self._lent: set[int] = set()
        self._next = self._spread(str(path))
        self.stable: dict[Place, int] = dict(_read(path))

    def keep(self, place: Place) -> int:
        """Name the stable port of a place, allocating it once and for all. Raises Temporary when none is free."""
        if place not in self.stable:
            self.stable[place] = self._free(self._spread(f"{self._path} {place}"))
            self._write()
        return self.stable[place]

    def forget(self, environment: str) -> None:
        """Free the stable ports of an environment."""
        self.stable = {place: port for place, port in self.stable.items() if place[0] != environment}
        self._write()

    def lend(self) -> int:
        """Give a port to a release for one start; a new one each time. Raises Temporary when none is free."""
        port = self._free(self._next)
        self._next = port + 1
        self._lent.add(port)
        return port

    def give_back(self, port: int) -> None:
        """End a loan."""
        self._lent.discard(port)

    def _free(self, start: int) -> int:
        taken = self._lent.union(self.stable.values())
        for port in chain(range(start, self._last + 1), range(self._first, start)):
            if port not in taken and _is_free(port):
                return port
        raise Temporary(f"no port from {self._first} to {self._last} is free; set process.ports to a wider range")

    def _spread(self, text: str) -> int:
        return self._first + zlib.crc32(text.encode()) % (self._last - self._first + 1)

    def _write(self) -> None:
        replace(self._path, _FILE.dump_json(sorted(self.stable.items())).decode(), synced=True)


def _read(path: Path) -> list[tuple[Place, int]]:
    try:
        return _FILE.validate_json(path.read_bytes())
    except FileNotFoundError:
        return []
    except ValidationError:
        path.replace(path.with_name(path.name + ".unreadable"))
        return []


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True
