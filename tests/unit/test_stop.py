"""Signals end the wait of a daemon, whenever and however often they come."""

import signal
import subprocess
import sys

import pytest

PROGRAM = """
import sys
from orchestrator.stop import Stop
stop = Stop()
print("ready", stop.asked, flush=True)
{before}
stop.wait()
print("stopped", stop.asked, flush=True)
sys.stdin.read()
"""


def start(before: str = "") -> "subprocess.Popen[str]":
    """A process that waits, and after the wait stays until its input ends."""
    words = [sys.executable, "-c", PROGRAM.format(before=before)]
    return subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_storm_of_signals_ends_the_wait_once(number: signal.Signals) -> None:
    for _ in range(5):
        with start() as process:
            assert process.stdout.readline() == "ready False\n"
            for _ in range(2000):
                process.send_signal(number)
            out, _ = process.communicate(timeout=30)
        assert (process.returncode, out) == (0, "stopped True\n")


def test_a_signal_before_the_wait_is_not_lost() -> None:
    with start("signal = __import__('signal'); signal.raise_signal(signal.SIGTERM)") as process:
        out, _ = process.communicate(timeout=30)
    assert out == "ready False\nstopped True\n"


def test_a_signal_that_another_thread_gets_ends_the_wait() -> None:
    others = "import signal, threading; threading.Thread(target=threading.Event().wait, daemon=True).start()"
    blocked = "signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])"
    with start(f"{others}; {blocked}; print('waits', flush=True)") as process:
        assert [process.stdout.readline(), process.stdout.readline()] == ["ready False\n", "waits\n"]
        process.send_signal(signal.SIGTERM)
        try:
            out, _ = process.communicate(timeout=30)
        finally:
            process.kill()
    assert out == "stopped True\n"
