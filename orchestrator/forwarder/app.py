"""The forwarder, whole: journal, then forwarding, then the receiver; stopped in exact reverse.

In: options. Out: a running forwarder. Told to stop it accepts nothing more, answers what it began, forwards what it is
about to forward, syncs and ends.
"""

import asyncio
import gc
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack

import structlog
from structlog.typing import FilteringBoundLogger

from orchestrator import lifeline
from orchestrator.forwarder.apart import Apart
from orchestrator.forwarder.daemon_client import DaemonClient
from orchestrator.forwarder.desk import Desk
from orchestrator.forwarder.door import Door
from orchestrator.forwarder.entries import Entry, Receipt
from orchestrator.forwarder.fault import JournalFault
from orchestrator.forwarder.forward import Forward
from orchestrator.forwarder.hooks import Hooks
from orchestrator.forwarder.journal import Journal
from orchestrator.forwarder.ledger import Unread
from orchestrator.forwarder.listen import address_of, bound
from orchestrator.forwarder.news import News
from orchestrator.forwarder.options import ForwarderOptions
from orchestrator.forwarder.parsing import Parsing
from orchestrator.forwarder.reload import ReadHooks, Reload
from orchestrator.forwarder.turns import Turns

_HOUSEKEEPING_SECONDS = 60
_LAST_TURN_SECONDS = 2
_THREADS_TURN_SECONDS = 0.0001


async def until_told(options: ForwarderOptions, environ: Mapping[str, str], read_hooks: ReadHooks) -> None:
    """Serve until SIGTERM, SIGINT, or until the lifeline that `environ` names is cut; SIGHUP reads the hooks again."""
    stop, reread, loop = asyncio.Event(), asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    loop.add_signal_handler(signal.SIGHUP, reread.set)
    descriptor = lifeline.held(environ)
    if descriptor is not None:
        loop.add_reader(descriptor, _cut, descriptor, stop)
    await serve(options, stop, structlog.get_logger("forwarder").bind(), read_hooks=read_hooks, reread=reread)


async def serve(
    options: ForwarderOptions,
    stop: asyncio.Event,
    log: FilteringBoundLogger,
    ready: Callable[[str], None] = lambda _: None,
    read_hooks: ReadHooks | None = None,
    reread: asyncio.Event | None = None,
) -> None:
    """Serve until `stop` is set; `ready` is told the address, `http://host:port`, once deliveries are accepted.

    `read_hooks` reads the hooks anew, when `reread` is set or a person asks for it. Raises `Permanent` when the journal
    cannot be trusted or the address cannot be had, `JournalFault` when the journal cannot be written at start.
    """
    gc.freeze()  # what was loaded stays; looking through it again and again would hold deliveries up
    sys.setswitchinterval(_THREADS_TURN_SECONDS)  # so long the journal's thread waits while deliveries are parsed
    async with AsyncExitStack() as stack:
        journal = Journal(options.journal, options.limits, log)
        await journal.open()
        stack.push_async_callback(journal.close)
        revived = await journal.revive()
        daemon = DaemonClient(options.daemon)
        stack.push_async_callback(daemon.close)
        hooks, news = Hooks(options.hooks), News()
        forward = Forward(journal, daemon, news.ring, options.limits, log)

        parsing = Parsing(journal, hooks, forward, news.ring, options.limits, log)

        def arrived(kept: Sequence[tuple[Entry, Receipt]]) -> None:
            parsing.came([_unread(entry, receipt) for entry, receipt in kept if not receipt.repeated])
            if any(receipt.repeated for _, receipt in kept):
                forward.wake()
            news.ring()

        desk = Desk(hooks, journal, arrived, log)
        sockets = await bound(options)
        address = address_of(sockets)
        reception = Apart(desk, hooks, options.limits, sockets, options.log, log)
        reload = Reload(hooks, read_hooks or (lambda: options.hooks), reception.exchange, journal, parsing, log)
        loops = (parsing.run(), forward.run(), reload.whenever(reread or asyncio.Event()))
        tasks = [asyncio.create_task(work) for work in (*loops, _keep_house(journal, desk, log))]
        stack.push_async_callback(_finish, (parsing, forward), tasks)
        if options.socket:
            await Door(journal, hooks, parsing, forward, news, daemon.place, reload, log).open(options.socket, stack)
        await reception.start()
        stack.push_async_callback(reception.stop)
        tasks.append(asyncio.create_task(reception.keep()))
        counts, names = await journal.counts(), sorted(hooks.current)
        log.info("forwarder is ready", address=address, hooks=names, revived=revived, **counts)
        ready(address)
        await _first(stop, tasks)
    log.info("forwarder has stopped")


def _unread(entry: Entry, receipt: Receipt) -> Unread:
    return Unread(receipt.seq, entry.hook, entry.headers, entry.body, received_at=entry.received_at)


def _cut(descriptor: int, stop: asyncio.Event) -> None:
    asyncio.get_running_loop().remove_reader(descriptor)
    stop.set()


async def _first(stop: asyncio.Event, tasks: list[asyncio.Task[None]]) -> None:
    """Wait for the stop, or for a task to fail: then its error ends the forwarder."""
    stopped = asyncio.create_task(stop.wait())
    done, _ = await asyncio.wait([stopped, *tasks], return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    for task in done:
        task.result()


async def _keep_house(journal: Journal, desk: Desk, log: FilteringBoundLogger) -> None:
    while True:
        try:
            await journal.trim()
        except JournalFault as error:
            log.warning("the journal was not trimmed", reason=str(error))
        await asyncio.sleep(_HOUSEKEEPING_SECONDS)
        desk.report()


async def _finish(loops: Sequence[Turns], tasks: Sequence[asyncio.Task[None]]) -> None:
    """Let a turn that has begun come to its end, for a moment; what is left stays in the journal."""
    for loop in loops:
        loop.stop()
    await asyncio.wait(tasks[: len(loops)], timeout=_LAST_TURN_SECONDS)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
