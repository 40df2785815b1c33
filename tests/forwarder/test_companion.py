"""The forwarder beside the daemon: started again when it dies, gone when the daemon is, however that ends."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from orchestrator.daemon.companion import companion
from tests.eventually import eventually

ROOT = Path(__file__).parents[2]
DAEMON = """
import sys
from orchestrator.daemon.companion import companion
with companion(tuple(sys.argv[1:]), lambda: False):
    print("up", flush=True)
    sys.stdin.read()
"""


def words(settings: Path) -> tuple[str, ...]:
    return (sys.executable, "-P", "-m", "orchestrator", "forwarder", "--settings", str(settings))


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.fixture
def pids(short_path: Path) -> Iterator[Callable[[], list[int]]]:
    """Tell the processes that run with a file of this test."""

    def found() -> list[int]:
        every = [int(place.name) for place in Path("/proc").iterdir() if place.name.isdigit()]
        return [pid for pid in every if alive(pid) and _names(pid, short_path) and b"forwarder" in _cmdline(pid)]

    yield found
    for pid in found():
        os.kill(pid, signal.SIGKILL)


def _cmdline(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def _names(pid: int, folder: Path) -> bool:
    return str(folder).encode() in _cmdline(pid) and DAEMON.encode() not in _cmdline(pid)


@pytest.fixture
def daemon(settings_file: Any) -> "Iterator[subprocess.Popen[bytes]]":
    """A process that keeps a real forwarder."""
    command = [sys.executable, "-c", DAEMON, *words(settings_file())]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=pipe, process_group=0) as process:
        yield process
        process.kill()


def until(daemon: "subprocess.Popen[bytes]", event: bytes) -> None:
    assert daemon.stderr
    assert any(event in line for line in daemon.stderr), daemon.wait(20)


@pytest.mark.parametrize("whole_group", [False, True])
def test_a_killed_daemon_leaves_no_forwarder(
    daemon: "subprocess.Popen[bytes]", pids: Callable[[], list[int]], whole_group: bool
) -> None:
    until(daemon, b"forwarder is ready")
    assert len(pids()) == 1
    if whole_group:
        os.killpg(daemon.pid, signal.SIGKILL)
    else:
        daemon.kill()
    eventually(lambda: not pids())
    assert daemon.stderr
    assert b"forwarder has stopped" in daemon.stderr.read()


def test_a_daemon_that_is_killed_before_its_forwarder_is_ready_leaves_none(
    daemon: "subprocess.Popen[bytes]", pids: Callable[[], list[int]]
) -> None:
    assert daemon.stdout
    assert daemon.stdout.readline() == b"up\n"
    eventually(pids)
    daemon.kill()
    eventually(lambda: not pids())


def test_a_killed_forwarder_is_started_again_and_ends_with_the_context(
    settings_file: Any, pids: Callable[[], list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    with capture_logs() as logs, companion(words(settings_file()), lambda: False):
        (first,) = eventually(pids)
        os.kill(first, signal.SIGKILL)
        eventually(lambda: pids() not in ([first], []))
    assert pids() == []
    assert [(entry["event"], entry["how"]) for entry in logs] == [
        ("the forwarder ended, starting it again", "status -9")
    ]


def test_a_forwarder_that_cannot_run_is_tried_again_ever_less_often() -> None:
    with capture_logs() as logs, companion(("/nothing/here",), lambda: False):
        eventually(lambda: len(logs) >= 3)
    assert [entry["seconds"] for entry in logs[:3]] == [0.5, 1.0, 2.0]
    assert logs[0]["how"] == "cannot be started: No such file or directory"


def test_a_forwarder_that_ran_for_long_is_started_again_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orchestrator.daemon.companion._LONG_ENOUGH", 0.0)
    with capture_logs() as logs, companion(("/nothing/here",), lambda: False):
        eventually(lambda: len(logs) >= 3)
    assert [entry["seconds"] for entry in logs[:3]] == [0.5, 0.5, 0.5]


def test_it_is_not_started_again_once_the_daemon_was_told_to_stop() -> None:
    stop = threading.Event()
    with capture_logs() as logs, companion((sys.executable, "-c", "import sys; sys.exit(3)"), stop.is_set):
        stop.set()
        told = len(logs)
        eventually(lambda: not [thread for thread in threading.enumerate() if thread.name == "companion"])
    assert len(logs) <= told + 1
