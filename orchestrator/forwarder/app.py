"""The forwarder, whole: journal, then forwarding, then the receiver; stopped in exact reverse.

`serve` runs inside any event loop, `run` is a process of its own. On SIGTERM it accepts nothing more, answers what it
began, syncs and ends.
"""

import asyncio
import signal
from collections.abc import Callable
from contextlib import AsyncExitStack

import structlog
from aiohttp import web
from structlog.typing import FilteringBoundLogger

from orchestrator.forwarder.daemon_client import DaemonClient
from orchestrator.forwarder.forward import Forward
from orchestrator.forwarder.journal import Journal, JournalFault
from orchestrator.forwarder.options import ForwarderOptions
from orchestrator.forwarder.receiver import Receiver

_HOUSEKEEPING_SECONDS = 60
_LINGERING_SECONDS = 2


def run(options: ForwarderOptions) -> None:
    """Serve until SIGTERM or SIGINT."""
    asyncio.run(_until_signal(options))


async def serve(
    options: ForwarderOptions,
    stop: asyncio.Event,
    log: FilteringBoundLogger,
    ready: Callable[[str], None] = lambda _: None,
) -> None:
    """Serve until `stop` is set; `ready` is told the address, `http://host:port`, once deliveries are accepted.

    Raises `Permanent` when the journal cannot be trusted, `JournalFault` when it cannot be written at start, OSError
    when the address is taken.
    """
    async with AsyncExitStack() as stack:
        journal = Journal(options.journal, options.limits, log)
        await journal.open()
        stack.push_async_callback(journal.close)
        revived = await journal.revive()
        daemon = DaemonClient(options.daemon)
        stack.push_async_callback(daemon.close)
        hooks = {hook.name: hook for hook in options.hooks}
        forward = Forward(journal, hooks, daemon, options.limits, log)
        receiver = Receiver(options, journal, forward.wake, log)
        tasks = [asyncio.create_task(forward.run()), asyncio.create_task(_keep_house(journal, receiver, log))]
        stack.push_async_callback(_cancel, tasks)
        runner = _runner(receiver, options)
        stack.push_async_callback(runner.cleanup)
        await runner.setup()
        await web.TCPSite(runner, options.host, options.port).start()
        stack.callback(receiver.stop)
        address = _address(runner)
        log.info("forwarder is ready", address=address, hooks=sorted(hooks), revived=revived, **await journal.counts())
        ready(address)
        await _first(stop, tasks)
    log.info("forwarder has stopped")


async def _until_signal(options: ForwarderOptions) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await serve(options, stop, structlog.get_logger())


async def _first(stop: asyncio.Event, tasks: list[asyncio.Task[None]]) -> None:
    """Wait for the stop, or for a task to fail: then its error ends the forwarder."""
    stopped = asyncio.create_task(stop.wait())
    done, _ = await asyncio.wait([stopped, *tasks], return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    for task in done:
        task.result()


async def _keep_house(journal: Journal, receiver: Receiver, log: FilteringBoundLogger) -> None:
    while True:
        try:
            await journal.trim()
        except JournalFault as error:
            log.warning("the journal was not trimmed", reason=str(error))
        await asyncio.sleep(_HOUSEKEEPING_SECONDS)
        receiver.report()


async def _cancel(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _runner(receiver: Receiver, options: ForwarderOptions) -> web.AppRunner:
    return web.AppRunner(
        receiver.application(),
        access_log=None,
        keepalive_timeout=options.limits.header_seconds,
        lingering_time=_LINGERING_SECONDS,
        shutdown_timeout=options.limits.stop_seconds,
        auto_decompress=False,
    )


def _address(runner: web.AppRunner) -> str:
    host, port = runner.addresses[0][:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
