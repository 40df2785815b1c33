"""The process that owns the services of this machine: `python -m …runner SOCKET OPTIONS`, started by the client.

In: orders from a socketpair, one JSON line each. Out: answers, observations, endings. When the other end closes, the
daemon is gone: every process is killed and this one exits. One thread, so that children die with it and not earlier.
"""

import asyncio
import fcntl
import os
import resource
import signal
import socket
import sys
import time
from contextlib import suppress
from pathlib import Path

from pydantic import TypeAdapter

from orchestrator.errors import AnabranchError
from orchestrator.runtimes.process import proc
from orchestrator.runtimes.process.addresses import Addresses
from orchestrator.runtimes.process.attempt import Tools
from orchestrator.runtimes.process.child import Reaper
from orchestrator.runtimes.process.fleet import Fleet
from orchestrator.runtimes.process.groups import Groups
from orchestrator.runtimes.process.killing import kill, kill_all, kill_group
from orchestrator.runtimes.process.options import ProcessOptions
from orchestrator.runtimes.process.wire import (
    LONGEST_LINE,
    AddressOf,
    Answer,
    Apply,
    AskPorts,
    AskRunning,
    Call,
    Order,
    Remove,
    RemoveEnvironment,
    Route,
    Said,
    Stop,
    read_call,
    said_line,
)

_LOCK_DEADLINE = 10.0


def main() -> None:
    """Serve one client until it is gone, then leave nothing behind."""
    link = socket.socket(fileno=int(sys.argv[1]))
    link.set_inheritable(False)
    options = TypeAdapter(ProcessOptions).validate_json(sys.argv[2])
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    lock = _lock(options.state / "runner.lock")
    groups = Groups(options.state / "groups.json")
    groups.kill_left_overs(options.mark)
    try:
        asyncio.run(_serve(link, options, groups))
    finally:
        _kill_everything(options)
        os.close(lock)


async def _serve(link: socket.socket, options: ProcessOptions, groups: Groups) -> None:
    reaper = Reaper()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGCHLD, reaper.reap)
    loop.add_signal_handler(signal.SIGINT, lambda: None)
    reader, writer = await asyncio.open_connection(sock=link, limit=LONGEST_LINE)
    for number in (signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, reader.feed_eof)

    def say(said: Said) -> None:
        writer.write(said_line(said))

    addresses = Addresses(options.state / "addresses.json", options.ports)
    fleet = Fleet(Tools(options, addresses, reaper, groups), say)
    say(Answer(0))
    with suppress(ConnectionError):
        while line := await reader.readline():
            call = read_call(line)
            if isinstance(call.order, Stop):
                await fleet.stop()
                return
            say(_answer(call, fleet))
    for leader in fleet.leaders():
        kill_group(leader)


def _answer(call: Call, fleet: Fleet) -> Answer:
    try:
        return _carry_out(call.id, call.order, fleet)
    except (AnabranchError, OSError) as error:
        return Answer(call.id, problem=str(error))


def _carry_out(number: int, order: Order, fleet: Fleet) -> Answer:
    match order:
        case Apply(launch, settled):
            fleet.apply(launch, settled=settled)
        case Remove(environment, service):
            fleet.remove(environment, service)
        case RemoveEnvironment(environment):
            fleet.remove_environment(environment)
        case Route(environment, service, target):
            fleet.route(environment, service, target)
        case AddressOf(environment, service, port):
            return Answer(number, port=fleet.address((environment, service, port)))
        case AskRunning():
            return Answer(number, running=fleet.running())
        case AskPorts(environment, service, release):
            return Answer(number, ports=fleet.ports(environment, service, release))
    return Answer(number)


def _lock(path: Path) -> int:
    """Wait until an earlier runner of this state directory has ended."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    deadline = time.monotonic() + _LOCK_DEADLINE
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                sys.exit(f"{path} is held by another runner; stop the daemon that it belongs to")
            time.sleep(0.01)
        else:
            return descriptor


def _kill_everything(options: ProcessOptions) -> None:
    """Kill and reap all children; orphans come to this subreaper as soon as their parents are dead."""
    while mine := proc.children(os.getpid()):
        for pid in mine:
            kill(pid)
        for _ in mine:
            with suppress(ChildProcessError):
                os.waitpid(-1, 0)
    kill_all(lambda: proc.marked(options.mark))


if __name__ == "__main__":
    main()
