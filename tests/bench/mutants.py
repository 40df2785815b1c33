"""Promises of the forwarder and of the Kubernetes runtime, each broken on purpose: a test must notice every time.

In: `--seconds` (mutants are tried until it is over, each of them at least once when it is 0), `--seed`, `--only NAME`.
Out: a line for each mutant, and exit code 1 when one lived. Those of the Kubernetes runtime need a control plane.
"""

import argparse
import random
import sys
import time

import mutants_cluster
import mutants_forwarder
from cluster_plane import programs
from mutant import noticed


def main(arguments: list[str]) -> int:
    """Try mutants; exit code 1 when one was not noticed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=0.0)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 2**32)
    parser.add_argument("--only", action="append", default=[], metavar="NAME")
    given = parser.parse_args(arguments)
    known = (*mutants_forwarder.MUTANTS, *(mutants_cluster.MUTANTS if programs() else ()))
    chosen = [mutant for mutant in known if not given.only or mutant.name in given.only]
    random.Random(given.seed).shuffle(chosen)
    latest = time.monotonic() + given.seconds if given.seconds else float("inf")
    lived = 0
    for mutant in chosen:
        if time.monotonic() < latest:
            lived += not noticed(mutant)
    print(f"mutants: {lived} lived" if lived else "mutants: every one was noticed", flush=True)
    return 1 if lived else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
