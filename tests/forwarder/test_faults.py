"""What was answered 202 reaches the daemon, whenever the forwarder is killed."""

import subprocess
import sys
from pathlib import Path

PROGRAM = Path(__file__).parents[1] / "bench" / "forwarder_faults.py"


def test_nothing_acknowledged_is_lost_when_the_forwarder_is_killed_again_and_again() -> None:
    words = [sys.executable, str(PROGRAM), "--seconds", "4", "--kills", "3", "--seed", "1"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert " 0 lost" in done.stdout
