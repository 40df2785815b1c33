"""The administrator's HTTP session with the apiserver, for what is written with asyncio here.

In: the folder of a control plane's keys and kubeconfig. Out: an aiohttp session whose paths start at the apiserver.
"""

import json
import ssl
from pathlib import Path

import aiohttp

_LONGEST_LINE = 4 * 2**20


def session(folder: Path, *, connections: int, decompress: bool) -> aiohttp.ClientSession:
    """Open a session; nothing bounds how long an answer lasts, for watches last for ever."""
    server = json.loads((folder / "kubeconfig").read_text())["clusters"][0]["cluster"]["server"]
    trust = ssl.create_default_context(cafile=folder / "ca.crt")
    trust.load_cert_chain(folder / "admin.crt", folder / "admin.key")
    return aiohttp.ClientSession(
        server,
        connector=aiohttp.TCPConnector(ssl=trust, limit=connections),
        timeout=aiohttp.ClientTimeout(sock_connect=5),
        read_bufsize=_LONGEST_LINE,
        auto_decompress=decompress,
        skip_auto_headers=() if decompress else ("Accept", "Accept-Encoding", "Content-Type", "User-Agent"),
    )
