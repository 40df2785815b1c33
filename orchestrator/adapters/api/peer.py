"""Who is at the other end of the unix socket, as the kernel says."""

import pwd
import socket
import struct

from aiohttp import web

_CREDENTIALS = struct.Struct("3i")


def user(request: web.Request) -> str:
    """Name the user who asks; empty over TCP."""
    transport = request.transport
    connection = transport.get_extra_info("socket") if transport else None
    if connection is None or connection.family != socket.AF_UNIX:
        return ""
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    _, uid, _ = _CREDENTIALS.unpack(raw)
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"
