"""A disk that fails at the n-th call, once or from then on: what was answered 202 reaches the daemon, nothing crashes.

In: how long, how many rounds (both are reached), and a seed. Out: one line of figures, or an AssertionError that says
what was lost. strace puts EIO or ENOSPC in place of a real system call on the journal's files, so that all of SQLite
and of the forwarder meets it where the kernel would report it; a failing block device would need the device mapper.
"""

import argparse
import asyncio
import random
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from aiohttp import ClientSession, ClientTimeout
from forwarder_load import FORWARDER, Daemon, Forwarder, Load, NotStarted, check, finish, start, write_settings
from progress import Progress

CALLS = {"pwrite64": 90, "fdatasync": 50, "fsync": 3, "ftruncate": 3, "pread64": 30, "openat": 6}
ERRORS = ("EIO", "ENOSPC")
DELIVERIES = 10
TRIES = 5


@dataclass(frozen=True, slots=True)
class Fault:
    """`call` fails with `error` at its `number`-th time; if it `stays`, so do all after it, whichever call reads."""

    call: str
    number: int
    error: str
    stays: bool

    def before(self, directory: Path) -> tuple[str, ...]:
        """Build the words that make what follows them meet the fault."""
        journal = directory / "journal.db"
        places = (str(journal), f"{journal}-wal", str(directory))
        watched = tuple(word for place in places for word in ("-P", place))
        when = f"{self.number}{'+' if self.stays else ''}"
        inject = f"inject={self.call}:error={self.error}:when={when}"
        also = ("-e", f"inject=read:error={self.error}:when=1+") if self.stays and self.call == "pread64" else ()
        trace = str(directory.with_name("trace"))
        return (
            "strace",
            "-D",
            "-f",
            "-qq",
            "-o",
            trace,
            *watched,
            "-e",
            f"trace={self.call},read",
            "-e",
            inject,
            *also,
        )


def run(seconds: float, fewest: int, seed: int) -> str:
    """Fail for so many seconds and so many times, then let a forwarder finish on a good disk; returns the figures."""
    with tempfile.TemporaryDirectory(prefix="ab-") as directory:
        return asyncio.run(_run(Path(directory), seconds, fewest, random.Random(seed)))


async def _run(directory: Path, seconds: float, fewest: int, chance: random.Random) -> str:
    daemon, load, answers = Daemon(directory / "api.sock"), Load(), Counter[str]()
    settings, end, rounds = write_settings(directory), time.monotonic() + seconds, 0
    progress = Progress("failing_disk")
    async with daemon.serving():
        while time.monotonic() < end or rounds < fewest:
            await _round(settings, load, _fault(chance, rounds), answers)
            rounds += 1
            progress.tell(f"{rounds} faults, {len(load.acknowledged)} acknowledged")
        await finish(settings, daemon, load)
    journal = directory / "state" / "forwarder" / "journal.db"
    check(journal)
    assert not list(journal.parent.glob("*.damaged-*")), "a failing disk was taken for a damaged journal"
    seen = ", ".join(f"{count} x {answer}" for answer, count in sorted(answers.items()))
    return f"failing disk: {rounds} faults, {seen}; {len(load.acknowledged)} acknowledged, 0 lost"


def _fault(chance: random.Random, turn: int) -> Fault:
    call = list(CALLS)[turn % len(CALLS)]
    return Fault(call, chance.randint(1, CALLS[call]), chance.choice(ERRORS), chance.random() < 0.25)


async def _round(settings: Path, load: Load, fault: Fault, answers: Counter[str]) -> None:
    """Start a forwarder on the disk that will fail, send it deliveries, and stop it."""
    directory = settings.parent / "state" / "forwarder"
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        forwarder = await start(settings, (*fault.before(directory), *FORWARDER))
    except NotStarted as ended:
        assert ended.status == 1, f"{fault}: {ended}"
        assert "Traceback" not in ended.said, f"{fault}: {ended}"
        answers["not started"] += 1
        return
    try:
        await _deliver(forwarder, load, fault, answers)
        forwarder.process.terminate()
    except BaseException:
        forwarder.kill()
        raise
    finally:
        log = await forwarder.ended()
    assert forwarder.process.returncode == 0, f"{fault}: {log}"
    assert "Traceback" not in log, f"{fault}: {log}"
    answers["hit"] += "(INJECTED)" in directory.with_name("trace").read_text()


async def _deliver(forwarder: Forwarder, load: Load, fault: Fault, answers: Counter[str]) -> None:
    async with ClientSession(timeout=ClientTimeout(total=20)) as client:
        statuses = [await load.send_one(client, forwarder.url) for _ in range(DELIVERIES)]
        assert set(statuses) <= {202, 503}, f"{fault}: {statuses}"
        answers.update(map(str, statuses))
        ready = [await _ready(client, forwarder.url) for _ in range(TRIES)]
        assert fault.stays or ready[-1] == 200, f"{fault}: it did not become ready again: {ready}"


async def _ready(client: ClientSession, url: str) -> int:
    async with client.get(url.replace("/hooks/local", "/readyz")) as answer:
        return answer.status


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--rounds", type=int, default=len(CALLS))
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    print(run(given.seconds, given.rounds, given.seed))
