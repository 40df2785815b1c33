"""Whoever dies, daemon or runner: no process is left over, and what should run runs again at its old address."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator.domain.status import Health
from orchestrator.errors import Permanent, Temporary
from orchestrator.runtimes.process import ProcessOptions, ProcessRuntime, proc
from tests.eventually import eventually
from tests.process.running import (
    CRASH,
    GOOD,
    NEVER,
    Watcher,
    cmdline,
    get,
    left_over,
    make_release,
    runner_of,
    source,
)

ROOT = Path(__file__).parents[2]
ESCAPEE = ("sh", "-c", f"setsid setsid sleep 300 & {' '.join(GOOD)} & wait")

DAEMON = """
import sys
from pathlib import Path
from orchestrator.runtimes.process import ProcessRuntime
from tests.process.running import Watcher, make_options, make_release, source
runtime = ProcessRuntime(make_options(Path(sys.argv[1])), source)
watcher = Watcher(runtime)
for number, environment in enumerate(("one", "two"), 1):
    runtime.apply(make_release(environment, number, tuple(sys.argv[2:])))
    watcher.ready(environment, number)
print("ready", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def daemon(options: ProcessOptions) -> Iterator["subprocess.Popen[str]"]:
    """A process that plays the daemon: two services run, each with a child that left its session."""
    words = [sys.executable, "-c", DAEMON, str(options.state), *ESCAPEE]
    with subprocess.Popen(words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        yield process
        process.kill()
        eventually(lambda: not runner_of(options), "the runner ended")
    for pid in left_over(options):
        os.kill(pid, signal.SIGKILL)


@pytest.fixture
def own(options: ProcessOptions) -> Iterator[ProcessRuntime]:
    """A runtime that a test may break."""
    runtime = ProcessRuntime(options, source)
    yield runtime
    runtime.close()
    assert left_over(options) == ()


def test_a_killed_daemon_leaves_no_process(daemon: "subprocess.Popen[str]", options: ProcessOptions) -> None:
    eventually(lambda: len(left_over(options)) >= 6, "both services and their children run")
    daemon.kill()
    eventually(lambda: not runner_of(options) and not left_over(options), "no process is left")


def test_a_start_ends_what_a_lost_runner_left(daemon: "subprocess.Popen[str]", options: ProcessOptions) -> None:
    runner = runner_of(options)
    leaders = [pid for pid in proc.children(runner) if cmdline(pid).startswith("sh\0")]
    assert len(leaders) == 2
    os.kill(daemon.pid, signal.SIGSTOP)
    os.kill(runner, signal.SIGKILL)
    daemon.kill()
    eventually(lambda: not any(map(cmdline, (runner, *leaders))), "the services died with their runner")
    assert left_over(options)
    ProcessRuntime(options, source).close()
    assert left_over(options) == ()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
def test_a_lost_runner_is_replaced_and_its_services_return_to_their_addresses(
    own: ProcessRuntime, options: ProcessOptions, number: signal.Signals
) -> None:
    watcher = Watcher(own)
    borrowed, address = own.address("bugfix", "app", 80), own.address("main", "app", 80)
    own.route("bugfix", "app", "main")
    own.apply(make_release("main", 1, ESCAPEE))
    watcher.ready("main", 1)
    own.apply(make_release("main", 2, CRASH))
    before, lost = set(left_over(options)), runner_of(options)
    watcher.forget()
    os.kill(lost, number)
    watcher.ready("main", 1)
    watcher.wait("main", 2, Health.DEGRADED)
    assert runner_of(options) not in (0, lost)
    assert not before & set(left_over(options))
    assert get(address) == get(borrowed) == "main/v1"
    assert own.address("main", "app", 80) == address


def test_a_release_that_was_ready_keeps_its_address_when_the_runner_is_lost(
    own: ProcessRuntime, options: ProcessOptions
) -> None:
    watcher, address = Watcher(own), own.address("bugfix", "app", 80)
    for environment in ("main", "bugfix"):
        own.apply(make_release(environment, 1))
        watcher.ready(environment, 1)
    own.route("bugfix", "app", "main")
    answers: set[str] = set()
    os.kill(runner_of(options), signal.SIGKILL)

    def is_back() -> bool:
        answers.add(get(address))
        return "bugfix/v1" in answers

    eventually(is_back, "the own release is back")
    assert "main/v1" not in answers


def test_an_interrupt_is_meant_for_the_daemon_alone(own: ProcessRuntime, options: ProcessOptions) -> None:
    runner = runner_of(options)
    os.kill(runner, signal.SIGINT)
    assert own.running() == ()
    assert runner_of(options) == runner
    assert os.getsid(runner) == runner


def test_a_runner_that_hangs_is_replaced(
    own: ProcessRuntime, options: ProcessOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    hung = runner_of(options)
    os.kill(hung, signal.SIGSTOP)
    with monkeypatch.context() as hasty, pytest.raises(Temporary, match="did not answer"):
        hasty.setattr("orchestrator.runtimes.process.link._ANSWER", 0.3)
        own.running()
    eventually(lambda: runner_of(options) not in (0, hung), "a new runner")


def test_closing_ends_everything_and_keeps_addresses_and_directories(options: ProcessOptions) -> None:
    first = ProcessRuntime(options, source)
    watcher, address = Watcher(first), first.address("bugfix", "app", 80)
    first.apply(make_release("bugfix", 1, ESCAPEE))
    watcher.ready("bugfix", 1)
    first.close()
    assert left_over(options) == ()
    assert runner_of(options) == 0
    with pytest.raises(Temporary):
        first.running()

    def never_again(repository: str, commit: str, directory: Path) -> None:
        raise AssertionError("the directory is complete")

    second = ProcessRuntime(options, never_again)
    assert second.environments() == ("bugfix",)
    assert second.address("bugfix", "app", 80) == address
    watcher = Watcher(second)
    second.apply(make_release("bugfix", 1, ESCAPEE))
    watcher.ready("bugfix", 1)
    assert get(address) == "bugfix/v1"
    second.close()


def test_an_ended_release_takes_its_escaped_children_along(own: ProcessRuntime, options: ProcessOptions) -> None:
    watcher = Watcher(own)
    own.apply(make_release("bugfix", 1, ESCAPEE))
    watcher.ready("bugfix", 1)
    own.apply(make_release("bugfix", 2))
    watcher.ready("bugfix", 2)
    eventually(lambda: len(left_over(options)) == 1, "only the new release is left")
    eventually(lambda: not (options.environments / "bugfix/app/v1").exists(), "its directory is deleted")


def test_root_runs_nothing_unless_it_is_allowed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    with pytest.raises(Permanent, match="allow_root"):
        ProcessRuntime(ProcessOptions(tmp_path), source)


def test_a_service_that_ignores_sigterm_is_killed(own: ProcessRuntime, options: ProcessOptions) -> None:
    watcher = Watcher(own)
    own.apply(make_release("bugfix", 1, ("sh", "-c", "trap '' TERM; while :; do sleep 0.1; done"), ports=()))
    watcher.ready("bugfix", 1)
    own.remove("bugfix", "app")
    eventually(lambda: left_over(options) == (), "it is killed")
    own.apply(make_release("bugfix", 2, NEVER, ports=()))
    watcher.ready("bugfix", 2)
