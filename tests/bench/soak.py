"""Long runs of fuzz and faults: `soak.py MINUTES [--seed S]`.

In: how long. Out: what each part says, and exit code 1 when one of them found a fault. The parts are programs of their
own that take `--seconds` and `--seed`; the seed is printed first, so that a run can be repeated.
"""

import argparse
import random
import subprocess
import sys
import time
from pathlib import Path

PARTS = (
    "fuzz.py",
    "fuzz_webhooks.py",
    "fuzz_receiver.py",
    "slow_senders.py",
    "forwarder_faults.py",
    "failing_disk.py",
    "mutants.py",
    "kill_daemon.py",
    "kill_deployment.py",
    "cluster_outage.py",
)
ROUND_SECONDS = 60.0
LATE_SECONDS = 1800.0


def main(arguments: list[str]) -> int:
    """Run every part in turn, each with a new seed, until the time is up."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("minutes", type=float)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 2**32)
    given = parser.parse_args(arguments)
    print(f"soak: {given.minutes:g} minutes, seed {given.seed}", flush=True)
    return soak(given.minutes * 60, given.seed)


def soak(seconds: float, seed: int) -> int:
    """Run in rounds, at least one, so that each part meets many seeds; returns the exit code."""
    chance, latest, faults = random.Random(seed), time.monotonic() + seconds, 0
    parts = [part for name in PARTS if (part := Path(__file__).parent / name).exists()]
    each = min(ROUND_SECONDS, seconds / len(parts))
    while True:
        for part in parts:
            faults += not _holds(part, each, chance.randrange(2**32))
        if time.monotonic() + each > latest:
            break
    print(f"soak: {faults} faults" if faults else "soak: everything held", flush=True)
    return 1 if faults else 0


def _holds(part: Path, seconds: float, seed: int) -> bool:
    command = (sys.executable, str(part), "--seconds", f"{seconds:g}", "--seed", str(seed))
    print(f"soak: {' '.join(command[1:])}", flush=True)
    try:
        return subprocess.run(command, check=False, timeout=seconds + LATE_SECONDS).returncode == 0
    except subprocess.TimeoutExpired:
        print(f"soak: {part.name} did not end", flush=True)
        return False


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
