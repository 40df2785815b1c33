"""The forwarder is killed and away for a while, while people push: what git hosts send again, and what polling finds.

In: `--seconds` of it all, half of them without a forwarder, and `--seed`. Out: for each git host how many deliveries
arrived at once, how many when the host tried again, how many never; exit code 1 when a push does not run in the end, or
a delivery that was answered 202 was not forwarded. Each host keeps to its own policy, in real time.
"""

import argparse
import asyncio
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from aiohttp import ClientSession, ClientTimeout
from forwarder_load import DEADLINE, check
from git_hosts import POLICIES, Host
from installation import Installation
from progress import Progress

from orchestrator.cli.daemon_client import Daemon

MOST_PUSHES = 100
AWAY_FROM, AWAY_UNTIL = 0.2, 0.7
GRACE_SECONDS = 30
LOOK_SECONDS = 0.5


@dataclass
class Push:
    """A commit on a branch of its own, and what became of the delivery that tells of it."""

    host: str
    branch: str
    commit: str
    status: int = 0
    tries: int = 0

    @property
    def arrived(self) -> bool:
        """Tell whether the host was told that its delivery is kept."""
        return 200 <= self.status < 300


def run(seconds: float, seed: int) -> list[Push]:
    """Push for so long, half of it without a forwarder; returns what was pushed, all of which runs."""
    with tempfile.TemporaryDirectory(prefix="ab-") as directory:
        return asyncio.run(_run(Path(directory), seconds, random.Random(seed)))


async def _run(directory: Path, seconds: float, chance: random.Random) -> list[Push]:
    place = Installation(directory, polling_seconds=max(2.0, seconds / 10))
    daemon = await place.start("daemon")
    try:
        pushes = await _push_through_an_outage(place, seconds, chance)
        await _until_all_run(Daemon(directory / "api.sock"), pushes, seconds / 5 + GRACE_SECONDS)
    finally:
        await place.end(daemon)
    kept = check(place.journal)
    assert kept >= sum(push.arrived for push in pushes), f"only {kept} deliveries are in the journal"
    return pushes


async def _push_through_an_outage(place: Installation, seconds: float, chance: random.Random) -> list[Push]:
    began = time.monotonic()
    forwarder = await place.start("forwarder")
    async with ClientSession(timeout=ClientTimeout(total=10)) as client:
        people = People(place, client, max(0.5, seconds / MOST_PUSHES))
        work = [asyncio.create_task(people.push(name, random.Random(chance.random()))) for name in place.hooks]
        try:
            await asyncio.sleep(seconds * AWAY_FROM)
            forwarder.kill()
            await forwarder.ended()
            await asyncio.sleep(seconds * (AWAY_UNTIL - AWAY_FROM))
            forwarder = await place.start("forwarder")
            ended, _ = await asyncio.wait(work, timeout=max(0.0, began + seconds - time.monotonic()))
            for each in ended:
                each.result()
            await place.until_forwarded(DEADLINE)
        finally:
            for each in work:
                each.cancel()
            await asyncio.gather(*work, return_exceptions=True)
            await place.end(forwarder)
    return people.pushes


class People:
    """They push to each host's repository now and then, `pause` seconds apart; the host tells of each push."""

    def __init__(self, place: Installation, client: ClientSession, pause: float) -> None:
        self.pushes: list[Push] = []
        self._place = place
        self._client = client
        self._pause = pause
        self._progress = Progress("outage")

    async def push(self, name: str, chance: random.Random) -> None:
        """Push to one host's repository, and have the host send until it succeeds or gives up."""
        host = Host(POLICIES[name], asyncio.sleep, time.monotonic)
        async with asyncio.TaskGroup() as deliveries:
            for number in range(MOST_PUSHES):
                await asyncio.sleep(self._pause * chance.uniform(0.5, 1.5))
                branch = f"push-{number}"
                push = Push(name, branch, await asyncio.to_thread(self._place.push, name, branch))
                self.pushes.append(push)
                deliveries.create_task(self._tell(host, push))
                arrived = sum(push.arrived for push in self.pushes)
                self._progress.tell(f"{len(self.pushes)} pushes, {arrived} deliveries arrived")

    async def _tell(self, host: Host, push: Push) -> None:
        identity = f"{push.host}-{push.branch}"
        push.status, push.tries = await host.deliver(
            lambda: self._place.post(self._client, push.host, push.branch, identity)
        )


async def _until_all_run(daemon: Daemon, pushes: Sequence[Push], seconds: float) -> None:
    missing = list(pushes)
    for _ in range(int(seconds / LOOK_SECONDS)):
        running = await asyncio.to_thread(_running, daemon)
        missing = [push for push in pushes if running.get((push.branch, push.host)) != push.commit]
        if not missing:
            return
        await asyncio.sleep(LOOK_SECONDS)
    raise AssertionError(
        f"{len(missing)} of {len(pushes)} pushes do not run after {seconds:.0f} s, such as {missing[0]}"
    )


def _running(daemon: Daemon) -> dict[tuple[str, str], str]:
    return {
        (view.environment, service.service): service.serving.commit
        for view in daemon.environments()
        for service in view.services
        if service.serving
    }


def table(pushes: Sequence[Push]) -> str:
    """Lay out what arrived how."""
    lines = [f"{'HOST':18}{'PUSHES':>8}{'AT ONCE':>9}{'BY RETRY':>10}{'BY POLLING ONLY':>17}"]
    for name in POLICIES:
        mine = [push for push in pushes if push.host == name]
        once = sum(push.arrived and push.tries == 1 for push in mine)
        later = sum(push.arrived and push.tries > 1 for push in mine)
        lines.append(f"{name:18}{len(mine):>8}{once:>9}{later:>10}{len(mine) - once - later:>17}")
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    """Run once; exit code 1 when something was lost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(arguments)
    away = given.seconds * (AWAY_UNTIL - AWAY_FROM)
    print(f"outage: seed {given.seed}; the forwarder is away for {away:.0f} of {given.seconds:g} s", flush=True)
    pushes = run(given.seconds, given.seed)
    print(table(pushes), f"outage: every one of {len(pushes)} pushes runs", sep="\n", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
