"""Builds, starts, waits, stops. Every part is entered on one stack, which unwinds in exact reverse.

The runner of local processes comes first of all, so that it starts from a process without threads.
"""

import gc
import os
import random
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path

import structlog

from actors.engine import current_trace, open_system
from actors.gateway import ActorGateway
from actors.messages import StartOrchestrator
from actors.orchestrator import OrchestratorActor
from actors.ports import CAPABILITY, Ports
from actors.roster import Roster
from orchestrator import log
from orchestrator.adapters.api import Api
from orchestrator.adapters.board import Board
from orchestrator.adapters.git import Mirror
from orchestrator.adapters.store import Store
from orchestrator.daemon.companion import companion
from orchestrator.daemon.options import about, api_options, check_runtime, git_options, open_runtime, secrets
from orchestrator.daemon.post import Post
from orchestrator.daemon.state import locked
from orchestrator.errors import Temporary
from orchestrator.settings import Settings
from orchestrator.stop import Stop

_log = structlog.get_logger("daemon")


def run(settings: Settings, *, forwarder: tuple[str, ...] = ()) -> int:
    """Run until SIGTERM or SIGINT; `forwarder` is the argument list of a forwarder to run beside, empty for none.

    Raises Permanent with one line when something that it needs cannot be had, Temporary when the root of the actors
    failed too often: everything is built anew by whoever starts the daemon again.
    """
    log.configure(settings.log.level, settings.log.format, secrets(settings), trace=current_trace)
    stop = Stop()
    escalated: list[str] = []

    def give_up(reason: str) -> None:
        escalated.append(reason)
        stop.ask()

    with ExitStack() as stack:
        check_runtime(settings)
        stack.enter_context(locked(settings.state_directory))
        os.environ["THESPLOG_FILE"] = str(settings.state_directory / "thespian.log")
        _start(settings, stack, give_up)
        gc.freeze()  # what was loaded stays; looking through it again and again would hold everything up
        if forwarder:
            stack.enter_context(companion(forwarder, lambda: stop.asked))
        _log.info("ready", socket=str(settings.socket), runtime=settings.runtime.value, pid=os.getpid())
        stop.wait()
        _log.info("stopping")
    _log.info("stopped")
    if escalated:
        raise Temporary(f"{escalated[0]}; see the log, then start the daemon again")
    return 0


def _start(settings: Settings, stack: ExitStack, escalated: Callable[[str], None]) -> None:
    post, board, roster = Post(), Board(), Roster()
    mirrors = _mirrors(settings)
    for mirror in mirrors.values():
        stack.callback(mirror.close)

    def source(repository: str, commit: str, directory: Path) -> tuple[str, ...]:
        notes = mirrors[repository].lay_out(commit, directory)
        for note in notes:
            _log.warning("left out of the tree", repository=repository, commit=commit, note=note)
        return notes

    runtime = open_runtime(settings, source)
    stack.callback(runtime.close)
    store = Store(settings.state_directory / "store.sqlite", post.deliver)
    stack.callback(store.close)
    ports = Ports(settings, mirrors, runtime, store, board, roster, time.time, time.monotonic, random.random)
    system = open_system({CAPABILITY: ports}, escalated=escalated)
    stack.callback(system.shutdown)
    root = system.createActor(OrchestratorActor, globalName="anabranch")
    post.open(system, root)
    stack.callback(post.close)
    runtime.watch(post.observe)
    system.tell(root, StartOrchestrator())
    api = Api(api_options(settings), board, ActorGateway(system, root, ports), about(settings), lambda: store.trouble)
    api.start()
    stack.callback(api.stop)


def _mirrors(settings: Settings) -> Mapping[str, Mirror]:
    directory, options = settings.state_directory / "mirrors", git_options(settings)
    directory.mkdir(mode=0o700, exist_ok=True)
    return {
        r.name: Mirror(directory / r.name, r.name, r.url, options, r.default_branch or None)
        for r in settings.repositories
    }
