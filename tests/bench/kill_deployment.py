"""kill -9 of a daemon before each write of a deployment, in an order of the seed's: the next daemon finishes each.

In: `--seconds` (at least one place), `--seed`. Out: where it was killed, on one line; exit code 1 with what was left
undone, left over or made twice.
"""

import argparse
import random
import sys
import time

from cluster_plane import planed, programs

from orchestrator.runtimes.kubernetes.api import Api
from orchestrator.runtimes.kubernetes.connection import Connection
from tests.cluster import cut_off
from tests.cluster.binaries import Binaries


def main(arguments: list[str]) -> int:
    """Kill until the time is up, or every place was met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 2**32)
    given = parser.parse_args(arguments)
    found = programs()
    try:
        print(f"kill deployment: {run(found, given.seconds, given.seed)}" if found else "", flush=True)
    except AssertionError as fault:
        print(f"kill deployment: FAULT {fault}", flush=True)
        return 1
    return 0


def run(found: Binaries, seconds: float, seed: int) -> str:
    """Kill before one write after another; says before which of them."""
    with planed(found) as (_, options):
        eye, latest = Api(Connection(options)), time.monotonic() + seconds
        places = list(range(1, cut_off.writes(options) + 1))
        random.Random(seed).shuffle(places)
        killed = list[int]()
        for place in places:
            assert cut_off.finished_after(place, options, eye), f"there was no write {place}"
            killed.append(place)
            if time.monotonic() > latest:
                break
        cut_off.nothing_is_left(options, eye)
        return f"{len(killed)} of {len(places)} places, each finished by the next daemon, nothing left"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
