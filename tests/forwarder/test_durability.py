"""Nothing is answered 202 before it is on disk: the order of the system calls, as the kernel saw them."""

import asyncio
import os
import re
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
CALLS = "trace=fsync,fdatasync,sendto,sendmsg,write,writev"
DELIVERIES = 5
DIRECTORIES = {"/ab-[^/]*": "state's parent synced", "/state": "state synced", "/forwarder": "directory synced"}

pytestmark = pytest.mark.skipif(shutil.which("strace") is None, reason="strace, which shows system calls, is not here")


async def test_every_202_comes_after_a_sync_of_the_journal_of_its_own(
    settings_file: Any, delivery: Any, open_client: Any, short_path: Path
) -> None:
    trace = short_path / "trace"
    words = (
        "strace",
        "-D",
        "-f",
        "-y",
        "-s",
        "64",
        "-e",
        CALLS,
        "-o",
        str(trace),
        sys.executable,
        "-m",
        "orchestrator",
    )
    environ = {name: value for name, value in os.environ.items() if not name.startswith("ANABRANCH")}
    process = await asyncio.create_subprocess_exec(
        *words, "forwarder", "--settings", str(settings_file()), cwd=ROOT, env=environ, stderr=asyncio.subprocess.PIPE
    )
    assert process.stderr
    try:
        while b"forwarder is ready" not in (line := await process.stderr.readline()):
            assert line, "it ended before it was ready"
        found = re.search(rb"http://127\.0\.0\.1:\d+", line)
        assert found
        async with open_client(found[0].decode()) as client:
            for number in range(DELIVERIES):
                body = delivery.changes(f"refs/heads/b{number}")
                assert await client.send(body, delivery.post_receive(body, str(number)), "local") == 202
    finally:
        process.terminate()
        await process.communicate()
    order = [kind for line in trace.read_text().splitlines() if (kind := _kind(line))]
    assert order.count("202") == DELIVERIES
    for at in [at for at, kind in enumerate(order) if kind == "202"]:
        before = order[:at][::-1]
        assert "synced" in before[: before.index("202") if "202" in before else None], order
    first = order[: order.index("202")]
    assert first.index("state's parent synced") < first.index("state synced") < first.index("directory synced")


def _kind(line: str) -> str:
    """Name the calls that matter; one that was interrupted counts when it ends."""
    if "HTTP/1.1 202" in line and "resumed" not in line:
        return "202"
    for place, kind in DIRECTORIES.items():
        if re.search(rf"fsync\(\d+<[^>]*{place}>\) += 0", line):
            return kind
    if re.search(r"f(data)?sync\(\d+<[^>]*journal\.db-wal>\) *= 0", line) or re.search(r"sync resumed>\) *= 0", line):
        return "synced"
    return ""
