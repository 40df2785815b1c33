"""Sockets to listen on: the unix socket that only its owner and group may use, and TCP addresses.

In: a path or `host:port`. Out: a bound socket. A path is taken over only from a daemon that is gone.
"""

import socket
import stat
from pathlib import Path

from orchestrator.errors import Permanent

_LONGEST_PATH = 100
_ANSWER_SECONDS = 2.0


def unix(path: Path) -> socket.socket:
    """Bind the unix socket with mode 0660; raises Permanent when another daemon answers there, or it cannot be."""
    if len(bytes(path)) > _LONGEST_PATH:
        raise Permanent(f"the socket path has more than {_LONGEST_PATH} bytes: {path}; set a shorter one")
    try:
        _make_directory(path.parent)
        _make_room(path)
        return _bound(path)
    except OSError as error:
        raise Permanent(
            f"cannot listen on {path}: {error.strerror}; set another api.socket, or ANABRANCH_SOCKET"
        ) from error


def tcp(address: str) -> socket.socket:
    """Bind `host:port` (`[host]:port` for IPv6); raises Permanent when it cannot be."""
    host, _, port = address.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise Permanent(f'"{address}" is no address to listen on; write host:port')
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, int(port)), family=family)
    except OSError as error:
        raise Permanent(f"cannot listen on {address}: {error.strerror or error}") from error


def _make_directory(directory: Path) -> None:
    if not directory.is_dir():
        directory.mkdir(parents=True)
        directory.chmod(0o750)


def _bound(path: Path) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX)
    try:
        listener.bind(str(path))
        path.chmod(0o660)
    except OSError:
        listener.close()
        raise
    return listener


def _make_room(path: Path) -> None:
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise Permanent(f"{path} is not a socket; move it away or set another api.socket, or ANABRANCH_SOCKET")
    if _somebody_answers(path):
        raise Permanent(f"another daemon answers at {path}; stop it or set another api.socket, or ANABRANCH_SOCKET")
    path.unlink(missing_ok=True)


def _somebody_answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(_ANSWER_SECONDS)
        try:
            probe.connect(str(path))
        except (ConnectionRefusedError, FileNotFoundError):
            return False
        except OSError:
            return True
    return True
