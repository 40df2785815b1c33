"""When a release counts as Ready, and what its status says while it does not."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from orchestrator.domain.status import Health
from orchestrator.domain.workload import HttpGet, Port, Probe
from orchestrator.runtimes.process import ProcessOptions, ProcessRuntime
from tests.eventually import eventually
from tests.process.running import NEVER, RUN, Watcher, get, make_release, source

ANSWERS_503_ONCE = (
    *RUN,
    "-c",
    """
import os, socket
listener = socket.create_server(("127.0.0.1", int(os.environ["PORT_HTTP"])))
status = "503 Busy"
while True:
    connection, _ = listener.accept()
    request = connection.recv(65536)
    expected = b"GET /health?a=1 HTTP/1.1\\r\\n" in request and b"X-Probe: yes\\r\\n" in request
    connection.sendall(f"HTTP/1.1 {status if expected else '400 Wrong'}\\r\\n\\r\\n".encode())
    status = "200 OK" if os.path.exists("healthy") else status
    connection.close()
""",
)


@pytest.fixture(autouse=True)
def _clean(runtime: ProcessRuntime) -> Iterator[None]:
    yield
    for environment in runtime.environments():
        runtime.remove_environment(environment)


def test_without_port_and_probe_staying_alive_is_enough(runtime: ProcessRuntime, watcher: Watcher) -> None:
    runtime.apply(make_release("alive", 1, NEVER, ports=()))
    assert watcher.ready("alive", 1).address == ""


def test_a_port_must_be_listened_at(runtime: ProcessRuntime, watcher: Watcher) -> None:
    runtime.apply(make_release("deaf", 1, NEVER))
    seen = watcher.wait("deaf", 1, Health.PROGRESSING, "to listen")
    assert seen.reason == f"waiting for {seen.address} to listen"


def test_every_port_has_its_variable_and_must_be_listened_at(runtime: ProcessRuntime, watcher: Watcher) -> None:
    script = """
import os, socket, time
assert os.environ["PORT"] == os.environ["PORT_HTTP"]
first = socket.create_server(("", int(os.environ["PORT"])))
second = socket.create_server(("::1", int(os.environ["PORT_ADMIN_UI"])), family=socket.AF_INET6)
while not os.path.exists("on"):
    time.sleep(0.02)
third = socket.create_server(("127.0.0.1", int(os.environ["PORT_ADMIN_UI"])))
time.sleep(300)
"""
    ports = (Port("http", 80, 8080), Port("admin-ui", 81, 8081))
    release = make_release("two", 1, (*RUN, "-c", script), ports=ports)
    runtime.apply(release)
    missing = watcher.wait("two", 1, Health.PROGRESSING, "to listen")
    while missing.reason.split()[2] == missing.address:
        missing = watcher.wait("two", 1, Health.PROGRESSING, "to listen")
    tree_of(runtime, "two").joinpath("on").touch()
    watcher.ready("two", 1)


def test_a_get_is_answered_well_before_the_release_is_ready(runtime: ProcessRuntime, watcher: Watcher) -> None:
    probe = Probe(HttpGet("/health?a=1", 8080, headers=(("X-Probe", "yes"),)))
    runtime.apply(make_release("http", 1, ANSWERS_503_ONCE, readiness=probe))
    watcher.wait("http", 1, Health.PROGRESSING, "/health?a=1: status 503")
    tree_of(runtime, "http").joinpath("healthy").touch()
    watcher.ready("http", 1)


def test_a_command_says_when_the_release_is_ready(runtime: ProcessRuntime, watcher: Watcher) -> None:
    runtime.apply(make_release("exec", 1, NEVER, ports=(), readiness=Probe(command=("test", "-e", "healthy"))))
    watcher.wait("exec", 1, Health.PROGRESSING, "waiting for test: exited with status 1")
    tree_of(runtime, "exec").joinpath("healthy").touch()
    watcher.ready("exec", 1)


def test_a_probe_that_hangs_is_no_answer(options: ProcessOptions) -> None:
    hasty = ProcessRuntime(replace(options, probe_timeout=0.1), source)
    watcher = Watcher(hasty)
    hasty.apply(make_release("hangs", 1, NEVER, ports=(), readiness=Probe(command=("sleep", "300"))))
    watcher.wait("hangs", 1, Health.PROGRESSING, "waiting for sleep: no end after 0.1 s")
    hasty.close()


def test_a_failing_liveness_probe_starts_the_release_again(runtime: ProcessRuntime, watcher: Watcher) -> None:
    lives = Probe(command=("test", "!", "-e", "dead"))
    command = ("sh", "-c", "rm -f dead; touch begun; exec sleep 300")
    runtime.apply(make_release("lively", 1, command, ports=(), liveness=lives))
    first = watcher.ready("lively", 1)
    eventually(tree_of(runtime, "lively").joinpath("begun").exists, "it has begun")
    tree_of(runtime, "lively").joinpath("dead").touch()
    watcher.wait("lively", 1, Health.DEGRADED, "liveness probe failed 3 times: waiting for test: exited with status 1")
    assert watcher.ready("lively", 1).tries == first.tries + 1


def test_a_release_that_never_becomes_ready_is_degraded_after_the_deadline(options: ProcessOptions) -> None:
    hasty = ProcessRuntime(replace(options, ready_deadline=0.3), source)
    watcher = Watcher(hasty)
    hasty.apply(make_release("late", 1, NEVER))
    seen = watcher.wait("late", 1, Health.DEGRADED, "not ready after 0.3 s: waiting for 127.0.0.1:")
    assert "\n" not in seen.reason
    hasty.close()


def test_a_first_probe_that_outlasts_the_deadline_is_no_answer(options: ProcessOptions) -> None:
    hasty = ProcessRuntime(replace(options, ready_deadline=0.3, probe_timeout=60), source)
    watcher = Watcher(hasty)
    hasty.apply(make_release("hangs", 1, NEVER, ports=(), readiness=Probe(command=("sleep", "300"))))
    watcher.wait("hangs", 1, Health.DEGRADED, "not ready after 0.3 s: its first probe has not ended")
    hasty.close()


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (("sh", "-c", "exit 7"), "exited with status 7 before it was ready"),
        (("sh", "-c", "kill -9 $$"), "killed by signal 9 before it was ready"),
        (("true",), "exited with status 0 before it was ready"),
        (("no-such-command",), "cannot start no-such-command: No such file or directory"),
        (("./service.py",), "cannot start ./service.py: Permission denied"),
    ],
)
def test_three_failures_before_ready_are_degraded_with_the_reason(
    runtime: ProcessRuntime, watcher: Watcher, command: tuple[str, ...], reason: str
) -> None:
    environment = f"fails-{abs(hash(command)) % 10_000}"
    runtime.apply(make_release(environment, 1, command))
    watcher.wait(environment, 1, Health.PROGRESSING, reason)
    assert watcher.wait(environment, 1, Health.DEGRADED, reason).tries == 3


def test_a_stranger_at_the_port_does_not_make_a_release_ready(options: ProcessOptions) -> None:
    """The stranger takes each port as soon as it was lent, before the service, which never listens, could."""
    own = ProcessRuntime(options, source)
    watcher = Watcher(own)
    with strangers(watcher):
        own.apply(make_release("strange", 1, NEVER))
        taken = watcher.wait("strange", 1, Health.PROGRESSING, "is taken by pid")
        assert taken.reason.startswith(f"{taken.address} is taken by pid")
        assert all(seen.health is Health.PROGRESSING for seen in watcher.seen)
    own.apply(make_release("strange", 2))
    watcher.ready("strange", 2)
    assert get(own.address("strange", "app", 80)) == "strange/v2"
    own.close()


@contextlib.contextmanager
def strangers(watcher: Watcher) -> Iterator[None]:
    """Listen, in this process, at the address of the first release that is seen."""
    over, sockets = threading.Event(), []

    def listen() -> None:
        while not over.wait(0.01):
            addresses = [seen.address for seen in watcher.seen if seen.address]
            if addresses:
                host, _, port = addresses[0].partition(":")
                sockets.append(socket.create_server((host, int(port))))
                return

    thread = threading.Thread(target=listen)
    thread.start()
    yield
    over.set()
    thread.join(10)
    assert sockets
    for listener in sockets:
        listener.close()


def tree_of(runtime: ProcessRuntime, environment: str) -> Path:
    """The working directory of release 1 of `app`, which the service finds as HOME."""
    return runtime._directories.release(environment, "app", 1) / "tree"
