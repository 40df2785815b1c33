"""What the kernel says about processes and listeners, read from /proc.

Every answer may be old at once: a process that ends meanwhile is left out.
"""

from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_LISTEN = "0A"
_DEAD = ("Z", "X")
_REACHABLE = {
    "0100007F",  # 127.0.0.1
    "00000000",  # 0.0.0.0
    "0" * 32,  # ::
    "0000000000000000FFFF00000100007F",  # ::ffff:127.0.0.1
}


@dataclass(frozen=True, slots=True)
class Stat:
    """A process: `start` is in clock ticks since boot, which together with the pid names it for ever."""

    pid: int
    state: str
    parent: int
    session: int
    start: int


def boot_id() -> str:
    """Name this boot of the machine."""
    return (_PROC / "sys/kernel/random/boot_id").read_text().strip()


def pids() -> tuple[int, ...]:
    """Name every process."""
    return tuple(int(entry.name) for entry in _PROC.iterdir() if entry.name.isdecimal())


def stat(pid: int) -> Stat | None:
    """Describe a process, or None when there is none."""
    text = _read(pid, "stat").decode(errors="replace")
    if not text:
        return None
    state, parent, _group, session, *rest = text[text.rindex(")") + 2 :].split()
    return Stat(pid, state, int(parent), int(session), int(rest[15]))


def members(session: int, mark: str | None) -> tuple[int, ...]:
    """Name the living processes of a session, and those of which `mark` is a variable, whatever their session."""
    found = (described for described in map(stat, pids()) if described and described.state not in _DEAD)
    return tuple(s.pid for s in found if s.session == session or (mark and _holds(s.pid, mark.encode() + b"\0")))


def marked(mark: str) -> tuple[int, ...]:
    """Name the processes of which a variable begins with `mark`."""
    return tuple(pid for pid in pids() if _holds(pid, mark.encode()))


def children(parent: int) -> tuple[int, ...]:
    """Name the processes that have this parent, dead ones included."""
    return tuple(s.pid for s in map(stat, pids()) if s and s.parent == parent)


def listeners(port: int) -> frozenset[int]:
    """Name the sockets (inodes) that would take a connection to 127.0.0.1:`port`."""
    inodes = set()
    for table in ("tcp", "tcp6"):
        for line in _lines(_PROC / "net" / table):
            fields = line.split()
            address, _, hexadecimal = fields[1].rpartition(":")
            if fields[3] == _LISTEN and int(hexadecimal, 16) == port and address in _REACHABLE:
                inodes.add(int(fields[9]))
    return frozenset(inodes)


def holders(inodes: frozenset[int], among: tuple[int, ...]) -> dict[int, int]:
    """Tell which of these processes holds which socket: inode → pid."""
    wanted = {f"socket:[{inode}]": inode for inode in inodes}
    return {wanted[link]: pid for pid in among for link in _descriptors(pid) if link in wanted}


def _descriptors(pid: int) -> tuple[str, ...]:
    try:
        entries = tuple((_PROC / str(pid) / "fd").iterdir())
    except OSError:
        return ()
    return tuple(_link(entry) for entry in entries)


def _link(entry: Path) -> str:
    try:
        return str(entry.readlink())
    except OSError:
        return ""


def _holds(pid: int, mark: bytes) -> bool:
    return b"\0" + mark in b"\0" + _read(pid, "environ")


def _read(pid: int, name: str) -> bytes:
    try:
        return (_PROC / str(pid) / name).read_bytes()
    except OSError:
        return b""


def _lines(table: Path) -> list[str]:
    try:
        return table.read_text().splitlines()[1:]
    except OSError:
        return []
