"""Signed deliveries a second: into a forwarder's journal and on to a daemon, and to a handler that only answers 202."""

import asyncio
import hashlib
import hmac
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import figures as told
import structlog
from aiohttp import ClientSession, TCPConnector, web

from orchestrator.domain.webhook import Hook
from orchestrator.forwarder.app import serve
from orchestrator.forwarder.options import DaemonTarget, ForwarderOptions

SECRET = bytes(range(32))
SENDERS = 32
BODY = json.dumps(
    {
        "ref": "refs/heads/bugfix",
        "before": "1" * 40,
        "after": "2" * 40,
        "forced": False,
        "repository": {"full_name": "acme/app"},
        "commits": [{"message": "x" * 1000}] * 5,
    }
).encode()
SIGNATURE = "sha256=" + hmac.new(SECRET, BODY, hashlib.sha256).hexdigest()


def figures(*, quick: bool) -> Iterator[str]:
    """Yield lines of results."""
    with tempfile.TemporaryDirectory(prefix="ab-") as directory:
        ours, theirs = asyncio.run(_measure(Path(directory), 300 if quick else 5000))
    yield told.rate(f"{SENDERS} senders, {len(BODY) // 1000} kB each", ours, theirs, "no journal")


async def _measure(directory: Path, deliveries: int) -> tuple[float, float]:
    daemon = await _plain(web.post("/v1/hints", _accept), web.UnixSite, str(directory / "api.sock"))
    rates = []
    for what in ("forwarder", "plain"):
        process = await asyncio.create_subprocess_exec(
            sys.executable, __file__, what, str(directory), stdout=asyncio.subprocess.PIPE
        )
        assert process.stdout
        url = (await process.stdout.readline()).decode().strip()
        rates.append(await _send(f"{url}/hooks/gh", deliveries))
        process.terminate()
        await process.wait()
    await daemon.cleanup()
    return rates[0], rates[1]


async def _send(url: str, deliveries: int) -> float:
    numbers = iter(range(deliveries))

    async def sender(client: ClientSession) -> None:
        for number in numbers:
            headers = {
                "X-GitHub-Event": "push",
                "X-Hub-Signature-256": SIGNATURE,
                "X-GitHub-Delivery": f"d-{number}-{next(_serial)}",
            }
            async with client.post(url, data=BODY, headers=headers) as answer:
                if answer.status != 202:
                    raise RuntimeError(f"answered {answer.status}: {await answer.text()}")

    async with ClientSession(connector=TCPConnector(limit=SENDERS)) as client:
        began = time.perf_counter()
        await asyncio.gather(*(sender(client) for _ in range(SENDERS)))
        return deliveries / (time.perf_counter() - began)


_serial = count()


async def _accept(request: web.Request) -> web.Response:
    await request.read()
    return web.Response(status=202)


async def _plain(route: web.RouteDef, site: type[web.BaseSite], *where: object) -> web.AppRunner:
    app = web.Application()
    app.add_routes([route])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await site(runner, *where).start()
    return runner


async def _serve_plain() -> None:
    runner = await _plain(web.post("/hooks/gh", _accept), web.TCPSite, "127.0.0.1", 0)
    print(f"http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
    await asyncio.Event().wait()


async def _serve_forwarder(directory: Path) -> None:
    structlog.configure(processors=[], wrapper_class=structlog.make_filtering_bound_logger(50))
    hook = Hook("gh", "github", (SECRET,), {"acme/app": "app"})
    target = DaemonTarget(socket=directory / "api.sock")
    options = ForwarderOptions(directory / "journal" / "journal.db", (hook,), target, port=0)
    await serve(options, asyncio.Event(), structlog.get_logger(), lambda address: print(address, flush=True))


if __name__ == "__main__":
    asyncio.run(_serve_plain() if sys.argv[1] == "plain" else _serve_forwarder(Path(sys.argv[2])))
