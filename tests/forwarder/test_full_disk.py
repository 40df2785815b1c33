"""A file system of 16 MB that others fill up: nothing is promised while it is full, all is well once there is room.

It is a tmpfs in a mount namespace of the forwarder, which ends with it. Where no namespace can be made, only the limit
on a file's size in test_journal.py shows the same.
"""

import asyncio
import errno
import subprocess
from pathlib import Path
from typing import Any

import pytest

ALONE = ("unshare", "--map-root-user", "--mount", "sh", "-c")
MOUNT = 'mount -t tmpfs -o size=16m,mode=700 tmpfs "$0" && exec "$@"'
SENDERS = 8


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


async def test_a_full_disk_is_answered_503_and_after_it_nothing_is_missing(
    place: Path, run_forwarder: Any, settings_file: Any, make_daemon: Any, delivery: Any, open_client: Any
) -> None:
    daemon, promised, refused = make_daemon(), set[str](), set[str]()
    await daemon.start()
    async with (
        run_forwarder(settings_file(), before=on_a_small_disk(place)) as forwarder,
        open_client(forwarder.url) as client,
    ):
        filler = Path(f"/proc/{forwarder.process.pid}/root{place}/filler")

        async def send(name: str) -> None:
            for number in range(1000):
                ref = f"refs/heads/{name}-{number}"
                body = delivery.changes(ref, *(f"{ref}-{other}" for other in range(100)))
                status = await client.send(body, delivery.post_receive(body, ref.replace("/", "-")), "local")
                assert status in {202, 503}
                (promised if status == 202 else refused).add(ref)
                if status == 503:
                    return

        senders = [asyncio.create_task(send(f"s{number}")) for number in range(SENDERS)]
        await daemon.until(lambda: bool(daemon.hints))
        await asyncio.to_thread(fill, filler)
        await asyncio.gather(*senders)
        assert (len(refused), bool(promised)) == (SENDERS, True)
        assert (await client.get("/readyz"), await client.get("/healthz")) == (503, 200)

        await asyncio.to_thread(filler.unlink)
        async with asyncio.timeout(10):
            while await client.get("/readyz") != 200:
                pass
        body = delivery.changes("refs/heads/after")
        assert await client.send(body, delivery.post_receive(body, "after"), "local") == 202
        await daemon.until(lambda: promised | {"refs/heads/after"} <= set(daemon.refs))
        assert await forwarder.end() == 0
    await daemon.stop()
    assert not [line for line in forwarder.lines if "Traceback" in line]
