"""What was answered 202 reaches the daemon, whenever the forwarder is killed and whatever the disk does."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).parents[1] / "bench"


def run(program: str, *words: str) -> str:
    command = [sys.executable, str(BENCH / program), "--seed", "1", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_nothing_acknowledged_is_lost_when_the_forwarder_is_killed_again_and_again() -> None:
    assert " 0 lost" in run("forwarder_faults.py", "--seconds", "4", "--kills", "4")


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace, which lets system calls fail, is not here")
def test_nothing_acknowledged_is_lost_when_calls_to_the_disk_fail() -> None:
    said = run("failing_disk.py", "--seconds", "0", "--rounds", "6")
    assert re.search(r"[1-9]\d* x (hit|not started)", said)
    assert " 0 lost" in said
