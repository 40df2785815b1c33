"""The kubelet's `containerLogs`, with canned text: what a container of this name would have written.

In: the apiserver's request. Out: two lines, those of a life that ended when they are asked for; followed, the answer
stays open as a real one does.
"""

import asyncio
import ssl
from pathlib import Path

from aiohttp import web

_WRITTEN = "2026-01-01T00:00:00.000000000Z"


async def serve(folder: Path) -> int:
    """Serve on a free port of the loopback until the process ends, and return the port."""
    identity = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    identity.load_cert_chain(folder / "kubelet.crt", folder / "kubelet.key")
    app = web.Application()
    app.router.add_get("/containerLogs/{namespace}/{pod}/{container}", _logs)
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=identity).start()
    port: int = runner.addresses[0][1]
    return port


def lines(pod: str, container: str, *, ended: bool) -> tuple[str, ...]:
    """What a container is said to have written."""
    return (f"{container} of {pod} starts", f"{container} of {pod} {'fails' if ended else 'listens'}")


async def _logs(request: web.Request) -> web.StreamResponse:
    ended = request.query.get("previous") == "true"
    written = lines(request.match_info["pod"], request.match_info["container"], ended=ended)
    tail = int(request.query.get("tailLines", len(written)))
    stamp = f"{_WRITTEN} " if request.query.get("timestamps") == "true" else ""
    answer = web.StreamResponse(headers={"Content-Type": "text/plain"})
    await answer.prepare(request)
    for line in written[max(0, len(written) - tail) :]:
        await answer.write(f"{stamp}{line}\n".encode())
    if request.query.get("follow") == "true":
        await asyncio.Event().wait()
    return answer
