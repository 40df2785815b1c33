"""Figures of this machine: each bench measures ours and a bare yardstick side by side, in one run.

In: names of benches, or how several begin (none: all that need no cluster), `--quick` for a few seconds each.
Out: lines with ratios; nothing is asserted.
"""

import argparse
import importlib
import sys
import time
from pathlib import Path

BENCHES = {
    "engine": "actors and their messages: the engine beside Thespian's simpleSystemBase and multiprocTCPBase",
    "front": "HTTP through a stable address against a direct connection",
    "forwarder": "webhooks into the journal against a bare aiohttp handler with the same fsync",
    "ps": "`anabranch ps` against `python -c pass`, and the daemon's memory, with 3 and 300 services",
    "cluster_runtime": "environments in a Kubernetes cluster against a bare loop of the same writes (only by name)",
    "cluster_many": "very many environments in a cluster against the same (only by name)",
    "cluster_daemon": "from `git push` to a changed object in a cluster against git and the same writes (only by name)",
    "push": "from `git push` to Ready against `git ls-remote` and `git fetch`",
}


def main(arguments: list[str]) -> int:
    """Run the benches that are named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which: {', '.join(BENCHES)}")
    parser.add_argument("--quick", action="store_true", help="a few seconds each")
    given = parser.parse_args(arguments)
    if unknown := [name for name in given.names if not _begun(name)]:
        parser.error(f"there is no bench {', '.join(unknown)}; there are {', '.join(BENCHES)}")
    here = Path(__file__).resolve().parent
    sys.path[:0] = [str(here), str(here.parents[1])]
    usual = [name for name in BENCHES if name not in _begun("cluster")]
    for name in [bench for given_name in given.names for bench in _begun(given_name)] or usual:
        _run(name, quick=given.quick)
    return 0


def _begun(name: str) -> list[str]:
    """Name the benches that are called so, or begin with it as `cluster_daemon` does with `cluster`."""
    return [bench for bench in BENCHES if f"{bench}_".startswith(f"{name}_")]


def _run(name: str, *, quick: bool) -> None:
    print(f"{name}: {BENCHES[name]}", flush=True)
    began = time.monotonic()
    for line in importlib.import_module(f"bench_{name}").figures(quick=quick):
        print(f"  {line}", flush=True)
    print(f"  ({time.monotonic() - began:.0f} s)", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
