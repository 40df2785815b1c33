"""From settings to a forwarder: secrets are read from their files, everything else is copied over.

In: settings. Out: a forwarder that serves until SIGTERM, SIGINT or the end of its keeper; every secret that it holds is
hidden in its log.
"""

import os
from collections.abc import Callable, Iterable, Iterator

import uvloop

from orchestrator import log
from orchestrator.domain.webhook import Hook
from orchestrator.errors import Permanent
from orchestrator.forwarder.app import until_told
from orchestrator.forwarder.configured import configured
from orchestrator.forwarder.options import DaemonTarget, ForwarderOptions, Limits, LogForm
from orchestrator.forwarder.secret_file import read_secret, spellings
from orchestrator.settings import Settings
from orchestrator.settings.types import split_address


def run(load: Callable[[], Settings]) -> int:
    """Serve until told to stop; returns the exit code. `load` reads the settings, now and when the hooks are reloaded.

    Raises `Permanent` with one line when something that it needs cannot be had.
    """
    settings = load()
    options = from_settings(settings)
    mask = log.configure(settings.log.level, settings.log.format, tuple(_secrets(options.hooks, options.daemon)))

    def read_hooks() -> tuple[Hook, ...]:
        hooks = _hooks(load())
        mask.learn(*_secrets(hooks, options.daemon))
        return hooks

    uvloop.run(until_told(options, os.environ, read_hooks))
    return 0


def from_settings(settings: Settings) -> ForwarderOptions:
    """Build the options; raises `Permanent` naming the file, the hook or the key at fault."""
    if not settings.forwarder.address:
        raise Permanent("forwarder: there is no address to listen on; set forwarder.address")
    host, port = split_address(settings.forwarder.address)
    return ForwarderOptions(
        journal=settings.state_directory / "forwarder" / "journal.db",
        hooks=_hooks(settings),
        daemon=_daemon(settings),
        host=host,
        port=port,
        socket=settings.forwarder_socket,
        limits=Limits(journal_bytes=settings.forwarder.journal_bytes),
        log=LogForm(settings.log.level, settings.log.format),
    )


def _hooks(settings: Settings) -> tuple[Hook, ...]:
    return tuple(configured(hook, settings.repositories) for hook in settings.forwarder.hooks)


def _daemon(settings: Settings) -> DaemonTarget:
    door = settings.forwarder.daemon
    if not door.url:
        return DaemonTarget(socket=door.socket or settings.socket)
    token = read_secret(door.token_file, "forwarder.daemon") if door.token_file else b""
    return DaemonTarget(url=door.url, token=token.decode("utf-8", "replace"))


def _secrets(hooks: Iterable[Hook], daemon: DaemonTarget) -> Iterator[str]:
    yield daemon.token
    for hook in hooks:
        for secret in hook.secrets:
            yield from spellings(secret)
