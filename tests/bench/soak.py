"""Long runs of fuzz and faults: `soak.py MINUTES [--seed S]`.

In: how long. Out: what each part says, and exit code 1 when one of them found a fault. The parts are programs of their
own that take `--seconds` and `--seed`; the seed is printed first, so that a run can be repeated. Each part has a minute
of every round, so that two hours hold 100,000 hostile requests; `fuzz_receiver.py --cases 100000` makes them alone.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

PARTS = (
    "fuzz.py",
    "fuzz_webhooks.py",
    "fuzz_receiver.py",
    "slow_senders.py",
    "outage.py",
    "drain.py",
    "forwarder_faults.py",
    "failing_disk.py",
    "mutants.py",
    "kill_daemon.py",
    "kill_deployment.py",
    "cluster_outage.py",
)
ROUND_SECONDS = 60.0
LATE_SECONDS = 600.0


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
    chance, began, faults = random.Random(seed), time.monotonic(), Counter[str]()
    each = min(ROUND_SECONDS, seconds / len(PARTS))
    while True:
        for number, name in enumerate(PARTS, 1):
            spent = (time.monotonic() - began) / 60
            print(f"soak: {number} of {len(PARTS)}, {name} for {each:.0f} s ({spent:.1f} minutes so far)", flush=True)
            faults[name] += not _holds(Path(__file__).parent / name, each, chance.randrange(2**32))
        if time.monotonic() + each > began + seconds:
            break
    told = ", ".join(f"{count} x {name}" for name, count in faults.items() if count)
    print(f"soak: FAULTS: {told}" if told else "soak: everything held", flush=True)
    return 1 if told else 0


def _holds(part: Path, seconds: float, seed: int) -> bool:
    """Run a part in a process group of its own, of which nothing is left when it does not end by itself."""
    command = (sys.executable, str(part), "--seconds", f"{seconds:g}", "--seed", str(seed))
    with subprocess.Popen(command, process_group=0) as process:
        try:
            status = process.wait(seconds + LATE_SECONDS)
        except BaseException as error:
            os.killpg(process.pid, signal.SIGKILL)
            if not isinstance(error, subprocess.TimeoutExpired):
                raise
            print(f"soak: {part.name} did not end", flush=True)
            return False
    if status:
        print(f"soak: FAULT, exit code {status} of: {' '.join(command[1:])}", flush=True)
    return status == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
