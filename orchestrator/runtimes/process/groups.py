"""Which process groups are ours, on file, so that the start after a lost runner can end what it left.

A pid alone may have been reused: a group is named by its leader's pid and start time, within one boot. The file needs
no sync, since no process outlives a power loss; on a full disk the mark in the processes' variables has to do.
"""

from contextlib import suppress
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from orchestrator.runtimes.process import proc
from orchestrator.runtimes.process.killing import kill_all, kill_group
from orchestrator.runtimes.process.replace import replace

_FILE: TypeAdapter[tuple[str, dict[int, int]]] = TypeAdapter(tuple[str, dict[int, int]])


class Groups:
    """The living groups of this runner: leader's pid → start time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._started: dict[int, int] = {}

    def add(self, leader: int) -> None:
        """Note a group that was just started."""
        described = proc.stat(leader)
        self._started[leader] = described.start if described else 0
        self._write()

    def discard(self, leader: int) -> None:
        """Forget a group that has ended."""
        self._started.pop(leader, None)
        self._write()

    def kill_left_overs(self, mark: str) -> None:
        """End the groups on file that are still the same, and every process that carries our mark."""
        boot, started = self._read()
        for leader, start in started.items():
            described = proc.stat(leader)
            if boot == proc.boot_id() and described and described.start == start:
                kill_group(leader)
        kill_all(lambda: proc.marked(mark))
        self._write()

    def _write(self) -> None:
        with suppress(OSError):
            replace(self._path, _FILE.dump_json((proc.boot_id(), self._started)).decode(), synced=False)

    def _read(self) -> tuple[str, dict[int, int]]:
        try:
            return _FILE.validate_json(self._path.read_bytes())
        except (FileNotFoundError, ValidationError):
            return "", {}
