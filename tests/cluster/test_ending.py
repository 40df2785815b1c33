"""A control plane ends with whoever started it, however that ends."""

import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cluster.control_plane import ControlPlane

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 90


@contextmanager
def served(place: Path) -> Iterator["subprocess.Popen[str]"]:
    """Run what `make cluster` runs, and wait until it is ready."""
    words = (sys.executable, "-m", "tests.cluster.serve")
    environ = os.environ | {"TMPDIR": str(place)}
    with subprocess.Popen(
        words, cwd=ROOT, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as serving:
        try:
            assert serving.stdout
            assert any(line.startswith("export PATH=") for line in serving.stdout), serving.communicate()
            yield serving
        finally:
            serving.kill()


def children(pid: int) -> dict[int, int]:
    """Open a descriptor for each child of a process; it becomes readable when the child is gone."""
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return {int(child): os.pidfd_open(int(child)) for child in text.split()}


def wait_until_gone(descriptors: dict[int, int]) -> None:
    for pid, descriptor in descriptors.items():
        assert select.select([descriptor], [], [], PATIENCE)[0], f"process {pid} still runs"
        os.close(descriptor)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL], ids=["ctrl-c", "kill -9"])
def test_nothing_is_left_of_a_control_plane(plane: ControlPlane, tmp_path: Path, number: signal.Signals) -> None:
    with served(tmp_path) as serving:
        started = children(serving.pid)
        assert len(started) == len(plane.children)
        serving.send_signal(number)
        wait_until_gone(started)
        status = serving.wait(PATIENCE)
    assert status == (0 if number is signal.SIGINT else -number)
    assert number is signal.SIGKILL or list(tmp_path.iterdir()) == []
