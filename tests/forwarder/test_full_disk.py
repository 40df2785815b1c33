"""A file system of 16 MB: it is made do with, and nothing is promised while it is full of what waits.

It is a tmpfs in a mount namespace of the forwarder, which ends with it. Where no namespace can be made, only the limit
on a file's size in test_journal.py shows the same.
"""

import asyncio
import errno
import itertools
import subprocess
from pathlib import Path
from typing import Any

import pytest

ALONE = ("unshare", "--map-root-user", "--mount", "sh", "-c")
MOUNT = 'mount -t tmpfs -o size=16m,mode=700 tmpfs "$0" && exec "$@"'
SENDERS = 8
DISK_BYTES = 16 * 2**20
SENT = 60


def on_a_small_disk(place: Path) -> tuple[str, ...]:
    return (*ALONE, MOUNT, str(place))


@pytest.fixture
def place(short_path: Path) -> Path:
    """Where the small file system will be."""
    state = short_path / "state"
    state.mkdir(mode=0o700)
    try:
        done = subprocess.run((*on_a_small_disk(state), "true"), capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no unshare, to mount a file system that nobody else sees")
    if done.returncode:
        pytest.skip(f"no file system can be mounted here: {done.stderr.strip()}")
    return state


def fill(file: Path) -> None:
    """Take what room there is."""
    with file.open("wb", buffering=0) as taken, pytest.raises(OSError, match="No space left") as full:
        while True:
            taken.write(bytes(4096))
    assert full.value.errno == errno.ENOSPC


async def test_a_disk_full_of_what_waits_is_answered_503_and_after_it_nothing_is_missing(
    place: Path, run_forwarder: Any, settings_file: Any, make_daemon: Any, delivery: Any, open_client: Any
) -> None:
    promised, there = set[str](), asyncio.Event()
    daemon = make_daemon(status=lambda hints: 202 if there.is_set() else 503)
    await daemon.start()
    async with (
        run_forwarder(settings_file(), before=on_a_small_disk(place)) as forwarder,
        open_client(forwarder.url) as client,
    ):
        filler = Path(f"/proc/{forwarder.process.pid}/root{place}/filler")

        async def send(name: str) -> int:
            refs = [f"refs/heads/{name}-{number}" for number in range(100)]
            body = delivery.changes(*refs)
            status = await client.send(body, delivery.post_receive(body, name), "local")
            assert status in {202, 503}
            promised.update(refs if status == 202 else ())
            return status

        async def send_until_refused(name: str) -> None:
            for number in range(1000):
                if await send(f"{name}-{number}") == 503:
                    return
            raise AssertionError

        senders = [asyncio.create_task(send_until_refused(f"s{number}")) for number in range(SENDERS)]
        await daemon.until(lambda: daemon.asked > 0)
        await asyncio.to_thread(fill, filler)
        await asyncio.gather(*senders)
        async with asyncio.timeout(20):
            for number in itertools.count():
                if await client.get("/readyz") == 503:
                    break
                await send(f"more-{number}")
        assert await client.get("/healthz") == 200

        there.set()
        await asyncio.to_thread(filler.unlink)
        async with asyncio.timeout(20):
            while await client.get("/readyz") != 200:
                pass
        assert await send("after") == 202
        await daemon.until(lambda: promised <= set(daemon.refs))
        assert await forwarder.end() == 0
    await daemon.stop()
    assert promised
    assert not [line for line in forwarder.lines if "Traceback" in line]


async def test_a_disk_smaller_than_the_budget_takes_everything_by_forgetting_what_the_daemon_has(
    place: Path, run_forwarder: Any, settings_file: Any, make_daemon: Any, delivery: Any, open_client: Any
) -> None:
    secret = place.parent / "hub-secret"
    secret.write_bytes(delivery.SECRET)
    hook = {"name": "gh", "provider": "github", "secret_files": [str(secret)], "repositories": {"acme/app": "app"}}
    daemon = make_daemon()
    await daemon.start()
    async with (
        run_forwarder(settings_file(hooks=[hook]), before=on_a_small_disk(place)) as forwarder,
        open_client(forwarder.url) as client,
    ):
        for number in range(SENT):
            body = delivery.push(f"refs/heads/b{number}", padding="x" * (DISK_BYTES // 50))
            assert await client.send(body, delivery.signed(body, str(number))) == 202
            await daemon.until(lambda number=number: f"refs/heads/b{number}" in daemon.refs)
        assert await client.get("/readyz") == 200
        assert await forwarder.end() == 0
    await daemon.stop()
    told = [entry for entry in forwarder.log if "forgot early" in entry["event"]]
    assert told[0]["bodies"] > 0
