"""Hostile requests at a real forwarder: whatever comes is answered below 500, and nothing in its log is our fault.

In: `--cases` at least, `--seconds` (both are reached; 100,000 cases take some 12 minutes), `--seed`. Out: how often
each status was answered, and the first request that broke a rule. Bodies and headers of the recorded deliveries are
bent, most signed as if their host had sent them; some requests are bent as bytes, so that they are hardly HTTP.
"""

import argparse
import asyncio
import contextlib
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

from forwarder_process import Forwarder, forwarder
from fuzz import bent
from fuzz_webhooks import Delivery, bend, recorded
from progress import Progress

from orchestrator.domain.webhook.sample import proof

SENDERS = 16
DEADLINE = 60.0
PATIENCE = 2.0


def main(arguments: list[str]) -> int:
    """Attack; exit code 1 when a rule was broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 2**32)
    given = parser.parse_args(arguments)
    print(f"fuzz_receiver: seed {given.seed}", flush=True)
    statuses, fault = run(given.cases, given.seconds, given.seed)
    shown = ", ".join(f"{count} x {status or 'hung up'}" for status, count in sorted(statuses.items()))
    print(f"fuzz_receiver: {statuses.total()} cases, {shown}; {fault or 'every rule held'}", flush=True)
    return 1 if fault else 0


def run(cases: int, seconds: float, seed: int) -> tuple[Counter[int], str]:
    """Send so many for so long; returns the statuses (0: hung up), and what broke a rule, if anything did."""
    with tempfile.TemporaryDirectory(prefix="ab-") as directory, forwarder(Path(directory)) as target:
        statuses, fault = asyncio.run(_attack(target, cases, seconds, random.Random(seed)))
        faults = target.faults()
    return statuses, fault or (faults[0] if faults else "")


async def _attack(target: Forwarder, cases: int, seconds: float, chance: random.Random) -> tuple[Counter[int], str]:
    statuses, known, latest, faults = Counter[int](), recorded(), time.monotonic() + seconds, list[str]()
    progress = Progress("fuzz_receiver")

    async def send() -> None:
        while not faults and (statuses.total() < cases or time.monotonic() < latest):
            raw = request(chance, target, chance.choice(known))
            status = await _status(target.port, raw)
            statuses[status] += 1
            progress.tell(f"{statuses.total()} cases")
            if status >= 500 or target.process.poll() is not None:
                faults.append(f"answered {status}: {raw!r}"[:4000])

    await asyncio.gather(*(send() for _ in range(SENDERS)))
    return statuses, faults[0] if faults else ""


def request(chance: random.Random, target: Forwarder, delivery: Delivery) -> bytes:
    """Build the bytes of a request; three of four are signed well."""
    made = bend(chance, delivery)
    headers = {name: values[0] for name, values in made.headers.items() if values}
    if chance.random() < 0.75:
        identity = str(chance.randrange(10**6))
        headers |= proof(target.hooks[made.provider], made.body, delivery=identity, now=time.time())
    raw = written(made.provider, headers, made.body)
    return bent(chance, raw) if chance.random() < 0.1 else raw


def written(hook: str, headers: Mapping[str, str], body: bytes) -> bytes:
    """Write HTTP/1.1; the connection is for this request only."""
    named = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    head = f"POST /hooks/{hook} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {len(body)}\r\n{named}\r\n"
    return head.encode("utf-8", "surrogateescape") + body


@contextlib.asynccontextmanager
async def connected(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """Connect until the block ends."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def _status(port: int, raw: bytes) -> int:
    """Send, and return the status of the answer; 0 when the connection was closed without one."""
    line = b""
    with contextlib.suppress(ConnectionError):
        async with asyncio.timeout(DEADLINE), connected(port) as (reader, writer):
            writer.write(raw)
            try:
                async with asyncio.timeout(PATIENCE):
                    line = await reader.readline()
            except TimeoutError:  # it waits for the rest of what is no whole request
                writer.write_eof()
                line = await reader.readline()
            await reader.read()
    words = line.split()
    return int(words[1]) if len(words) > 1 and words[1].isdigit() else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
