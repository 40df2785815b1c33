"""Who is at the other end of the unix socket, as the kernel says."""

import pwd
import socket
import struct

from aiohttp import web

from orchestrator.adapters.api.answers import Usage

_CREDENTIALS = struct.Struct("3i")


def user(request: web.Request) -> str:
    """Name the user who asks; empty over TCP. Raises Usage when it left and cannot be known any more."""
    connection = request.get_extra_info("socket")
    if connection is None:
        raise Usage("the connection is gone; nothing was done")
    if connection.family != socket.AF_UNIX:
        return ""
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    _, uid, _ = _CREDENTIALS.unpack(raw)
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"
