"""Senders that trickle, stop, lie about length, or send without end: memory stays flat, and others are served.

In: `--seconds`, `--senders`, `--seed`. Out: memory before and at its highest, how long good deliveries took, and exit
code 1 when memory grew by more than 64 MB or a good delivery was refused.
"""

import argparse
import asyncio
import contextlib
import gzip
import random
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import figures as told
from forwarder_process import Forwarder, forwarder
from fuzz_receiver import connected, written
from progress import Progress

from orchestrator.domain.webhook.sample import sample

MOST_GROWTH = 64 * 2**20
CHUNK = b"x" * 65536
ENDLESS = 4


def main(arguments: list[str]) -> int:
    """Attack; exit code 1 when memory grew or others were not served."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--senders", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(arguments)
    grown, spent, fault = run(given.seconds, given.senders, given.seed)
    served = f"{len(spent)} good deliveries, p99 {told.seconds(told.percentile(spent, 99))}" if spent else "none served"
    print(
        f"slow_senders: {given.senders} senders, memory +{grown / 2**20:.0f} MB, {served}; {fault or 'held'}",
        flush=True,
    )
    return 1 if fault else 0


def run(seconds: float, senders: int, seed: int) -> tuple[int, list[float], str]:
    """Attack for so long; returns growth in bytes, seconds of good deliveries, and what went wrong, if anything did."""
    with tempfile.TemporaryDirectory(prefix="ab-") as directory, forwarder(Path(directory)) as target:
        grown, spent, fault = asyncio.run(_attack(target, seconds, senders, random.Random(seed)))
        faults = target.faults()
    if grown > MOST_GROWTH:
        fault = fault or f"memory grew by {grown} bytes"
    return grown, spent, fault or (faults[0] if faults else "")


async def _attack(
    target: Forwarder, seconds: float, senders: int, chance: random.Random
) -> tuple[int, list[float], str]:
    spent, _ = await _good(target, 50, "before")
    progress = Progress("slow_senders")
    before, ways = target.memory(), (*([_trickle, _stop] * 5), _lie, _bomb)
    chosen = [_endless] * ENDLESS + [chance.choice(ways) for _ in range(senders - ENDLESS)]
    attackers = [asyncio.create_task(_again(way, target)) for way in chosen]
    spent, fault, highest, number, latest = [], "", before, 0, time.monotonic() + seconds
    while time.monotonic() < latest and not fault:
        more, fault = await _good(target, 10, f"during-{number}")
        progress.tell(f"{len(spent)} good deliveries")
        spent, highest, number = spent + more, max(highest, target.memory()), number + 1
    for attacker in attackers:
        attacker.cancel()
    await asyncio.gather(*attackers, return_exceptions=True)
    return highest - before, spent, fault


async def _good(target: Forwarder, count: int, name: str) -> tuple[list[float], str]:
    """Send good deliveries one after the other."""
    spent, hook = [], target.hooks["github"]
    for number in range(count):
        made = sample(hook, "acme/app", delivery=f"{name}-{number}", now=time.time())
        began = time.perf_counter()
        async with connected(target.port) as (reader, writer), asyncio.timeout(30):
            writer.write(written("github", made.headers, made.body))
            line = await reader.readline()
        spent.append(time.perf_counter() - began)
        if b" 202 " not in line:
            return spent, f"a good delivery was answered {line!r}"
    return spent, ""


async def _again(way: Callable[[asyncio.StreamWriter], Awaitable[None]], target: Forwarder) -> None:
    while True:
        with contextlib.suppress(ConnectionError, TimeoutError):
            async with connected(target.port) as (reader, writer), asyncio.timeout(60):
                await way(writer)
                await reader.read()


async def _trickle(writer: asyncio.StreamWriter) -> None:
    """A byte now and then."""
    writer.write(b"POST /hooks/gitlab HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n")
    pause = asyncio.Event()
    while not writer.is_closing():
        writer.write(b"x")
        await writer.drain()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.2):
                await pause.wait()


async def _stop(writer: asyncio.StreamWriter) -> None:
    """Most of a body, and then silence."""
    writer.write(b"POST /hooks/gitlab HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n" + CHUNK)
    await writer.drain()


async def _endless(writer: asyncio.StreamWriter) -> None:
    """A gigabyte in chunks, whose length nobody announced."""
    writer.write(b"POST /hooks/github HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
    for _ in range(2**30 // len(CHUNK)):
        writer.write(b"%x\r\n%s\r\n" % (len(CHUNK), CHUNK))
        await writer.drain()


async def _lie(writer: asyncio.StreamWriter) -> None:
    """A gigabyte that is announced."""
    writer.write(b"POST /hooks/github HTTP/1.1\r\nHost: x\r\nContent-Length: 1073741824\r\n\r\n" + CHUNK)
    await writer.drain()


async def _bomb(writer: asyncio.StreamWriter) -> None:
    """Little that would become much."""
    body = gzip.compress(b"0" * 10**7)
    head = f"POST /hooks/github HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip\r\nContent-Length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)
    await writer.drain()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
