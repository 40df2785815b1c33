"""The whole story, as `make demo` tells it: real git, hooks, the forwarder, processes and HTTP."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

STORY = Path(__file__).resolve().parents[2] / "config" / "demo" / "story.py"


def left_behind(place: Path) -> list[str]:
    """Command lines of processes that were started below a directory."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                if str(place).encode() in (entry / "environ").read_bytes():
                    found.append((entry / "cmdline").read_text().replace("\0", " "))
            except OSError:
                continue
    return [line for line in found if "post-receive" not in line]


@pytest.mark.timeout(300)
def test_every_line_of_the_story_holds_and_so_does_what_the_kept_demo_invites_to() -> None:
    place = Path(tempfile.mkdtemp(prefix="ab-"))
    environ = os.environ | {"TMPDIR": str(place)}
    words = [sys.executable, STORY, "--keep"]
    played = subprocess.run(words, check=False, env=environ, capture_output=True, text=True, timeout=280)
    assert played.returncode == 0, played.stdout[-4000:] + played.stderr
    assert "[8/8]" in played.stdout
    assert "no failure" in played.stdout
    _, _, invitation = played.stdout.partition("Try:\n")
    lines = [line.strip() for line in invitation.splitlines()]
    script = "\n".join(["set -e", *(line for line in lines if not line.endswith(" -w"))])
    tried = subprocess.run(
        ["bash", "-c", script], check=False, env=environ, capture_output=True, text=True, timeout=200
    )
    assert tried.returncode == 0, tried.stdout + tried.stderr
    assert "feature-hello" in tried.stdout
    assert "branch feature-hello" in tried.stdout
    wait_until_gone(place)
    place.rmdir()


@pytest.mark.timeout(120)
def test_a_story_that_is_not_kept_leaves_nothing_behind_even_when_it_is_cut_short() -> None:
    place = Path(tempfile.mkdtemp(prefix="ab-"))
    environ = os.environ | {"TMPDIR": str(place)}
    quiet = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen([sys.executable, STORY], env=environ, text=True, **quiet) as playing:
        assert playing.stdout
        assert any("main: 3 Ready" in line for line in playing.stdout)
        assert left_behind(place) != []
        playing.send_signal(signal.SIGINT)
        assert not any("Every line of the story holds" in line for line in playing.stdout)
        playing.wait(60)
    place.rmdir()
    assert left_behind(place) == []


def wait_until_gone(place: Path) -> None:
    """Wait for what `kill` asked to end."""
    ends = time.monotonic() + 60
    while left_behind(place):
        assert time.monotonic() < ends, left_behind(place)
        time.sleep(0.1)
