"""kill -9 of daemon, runner and forwarder, of each once; `make soak` does the same for longer."""

import subprocess
import sys
from pathlib import Path

import pytest

KILL = Path(__file__).resolve().parents[1] / "bench" / "kill_daemon.py"


@pytest.mark.timeout(300)
def test_killing_any_of_the_three_loses_nothing_and_leaves_no_process_behind() -> None:
    words = [sys.executable, str(KILL), "--seconds", "0", "--seed", "7"]
    done = subprocess.run(words, check=False, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stdout + done.stderr
    assert all(f"1 kills of the {victim}" in done.stdout for victim in ("daemon", "runner", "forwarder")), done.stdout
