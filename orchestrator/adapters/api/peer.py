"""Who is at the other end of the unix socket, as the kernel says."""

import pwd
import socket
import struct

from aiohttp import web

from orchestrator.adapters.api.answers import Usage

_CREDENTIALS = struct.Struct("3i")


def user(request: web.Request) -> str:
    """Name the user who asks; empty over TCP. Raises Usage when it left and cannot be known any more."""
    number = uid(request)
    return "" if number is None else name(number)


def uid(request: web.Request) -> int | None:
    """Give the id of the user who asks; None over TCP. Raises Usage when it left and cannot be known any more."""
    connection = request.get_extra_info("socket")
    if connection is None:
        raise Usage("the connection is gone; nothing was done")
    if connection.family != socket.AF_UNIX:
        return None
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    number: int = _CREDENTIALS.unpack(raw)[1]
    return number


def name(number: int) -> str:
    """Name a user."""
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"uid {number}"
