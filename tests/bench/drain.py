"""The daemon is away while deliveries come for an hour: how long until it was told of all of them once it is back.

In: `--rate`, the deliveries a second of that hour, `--seconds` to send them in as fast as they go (fewer are sent where
that is too short), `--seed`. Out: how many waited, how long it took, how much memory grew; exit code 1 above the bars
of a minute and 100 MB. Each delivery is about a branch of its own, so that none makes another one needless.
"""

import argparse
import asyncio
import random
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from aiohttp import ClientSession, ClientTimeout
from forwarder_load import Forwarder, check
from installation import Installation
from progress import Progress

HOUR = 3600
SENDERS = 64
MOST_SECONDS = 60.0
MOST_GROWTH = 100 * 2**20


@dataclass(frozen=True, slots=True)
class Drained:
    """`seconds` from the daemon's readiness on, `growth` of the forwarder's memory in bytes."""

    deliveries: int
    seconds: float
    growth: int


def run(most: int, seconds: float, seed: int) -> Drained:
    """Send so many, for so long at the most, then start the daemon; raises AssertionError when one is lost."""
    with tempfile.TemporaryDirectory(prefix="ab-") as directory:
        return asyncio.run(_run(Path(directory), most, seconds, random.Random(seed)))


async def _run(directory: Path, most: int, seconds: float, chance: random.Random) -> Drained:
    place = Installation(directory, polling_seconds=HOUR)
    forwarder = await place.start("forwarder")
    try:
        before = forwarder.memory()
        sent = await _send(place, most, seconds, chance)
        daemon = await place.start("daemon")
        try:
            began = time.monotonic()
            await place.until_forwarded(2 * MOST_SECONDS)
            drained = Drained(sent, time.monotonic() - began, forwarder.memory() - before)
        finally:
            await place.end(daemon)
    finally:
        await _stop(place, forwarder)
    kept = check(place.journal)
    assert kept == sent, f"{sent} deliveries were answered 202, and {kept} are in the journal"
    return drained


async def _send(place: Installation, most: int, seconds: float, chance: random.Random) -> int:
    names, latest, progress = list(place.hooks), time.monotonic() + seconds, Progress("drain")
    numbers = iter(range(most))
    sent = 0

    async def send(client: ClientSession) -> None:
        nonlocal sent
        for number in numbers:
            status = await place.post(client, chance.choice(names), f"waits-{number}", f"waits-{number}")
            assert status == 202, f"a delivery was answered {status}"
            sent += 1
            progress.tell(f"{sent} deliveries wait")
            if time.monotonic() > latest:
                return

    async with ClientSession(timeout=ClientTimeout(total=60)) as client:
        await asyncio.gather(*(send(client) for _ in range(SENDERS)))
    return sent


async def _stop(place: Installation, forwarder: Forwarder) -> None:
    try:
        await place.end(forwarder)
    finally:
        forwarder.kill()


def main(arguments: list[str]) -> int:
    """Run once; exit code 1 above a bar."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, default=20)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(arguments)
    done = run(int(given.rate * HOUR), given.seconds, given.seed)
    hour = f"{done.deliveries} deliveries, an hour's at {done.deliveries / HOUR:.1f}/s"
    took = f"forwarded {done.seconds:.1f} s after the daemon was ready, memory +{done.growth / 2**20:.0f} MB"
    held = done.seconds <= MOST_SECONDS and done.growth <= MOST_GROWTH
    print(f"drain, seed {given.seed}: {hour}: {took}: {'held' if held else 'FAULT'}", flush=True)
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
