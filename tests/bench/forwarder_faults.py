"""SIGKILL after SIGKILL of a real forwarder under load: every delivery that was answered 202 reaches the daemon.

In: how long, how many kills at least (both are reached), and a seed. Out: one line of figures, or an AssertionError
that says what was lost, or what did not happen in time. The kill comes at one of four points: anywhere, between the
journal and the daemon, between the daemon's answer and the mark for it, or while a journal that has grown too long
forgets.
"""

import argparse
import asyncio
import random
import sys
import tempfile
import time
from enum import Enum
from pathlib import Path

from forwarder_load import FORWARDER, Daemon, Load, check, finish, start, write_settings
from progress import Progress

SENDERS = 8
FORGETFUL = (sys.executable, str(Path(__file__).with_name("forgetful_forwarder.py")))


class Point(Enum):
    """Where the kill comes."""

    ANYWHERE = "anywhere"
    BEFORE_FORWARD = "before the forward"
    BEFORE_MARK = "before the mark"
    FORGETTING = "forgetting"


def run(seconds: float, fewest: int, seed: int) -> str:
    """Kill for so many seconds and so many times, then let one forwarder finish; returns the figures."""
    with tempfile.TemporaryDirectory(prefix="ab-") as directory:
        return asyncio.run(_run(Path(directory), seconds, fewest, random.Random(seed)))


async def _run(directory: Path, seconds: float, fewest: int, chance: random.Random) -> str:
    daemon, load, kills = Daemon(directory / "api.sock"), Load(), dict.fromkeys(Point, 0)
    settings, end, progress = write_settings(directory), time.monotonic() + seconds, Progress("forwarder_faults")
    async with daemon.serving():
        while time.monotonic() < end or sum(kills.values()) < fewest:
            point = min(Point, key=lambda each: (kills[each], chance.random()))
            await _round(settings, daemon, load, point, chance)
            kills[point] += 1
            progress.tell(f"{sum(kills.values())} kills, {len(load.acknowledged)} acknowledged")
        await finish(settings, daemon, load)
    kept = check(directory / "state" / "forwarder" / "journal.db")
    figures = f"{len(load.acknowledged)} acknowledged, 0 lost, {daemon.repeats} told more than once, {kept} kept"
    return f"forwarder: {sum(kills.values())} kills, {figures}"


async def _round(settings: Path, daemon: Daemon, load: Load, point: Point, chance: random.Random) -> None:
    """Start a forwarder, load it, kill it at one point."""
    daemon.away = point is Point.BEFORE_FORWARD
    forwarder = await start(settings, FORGETFUL if point is Point.FORGETTING else FORWARDER)
    senders = [asyncio.create_task(load.send(forwarder.url)) for _ in range(SENDERS)]
    try:
        await load.until_more(chance.randint(1, 200))
        if point is Point.BEFORE_MARK:
            daemon.victim = forwarder
            await forwarder.ended()
    except AssertionError as stall:
        stall.add_note(f"the kill was to come {point.value}")
        raise
    finally:
        daemon.victim = None
        forwarder.kill()
        await forwarder.ended()
        await asyncio.gather(*senders)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    print(run(given.seconds, given.kills, given.seed))
