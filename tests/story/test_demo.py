"""The whole story, as `make demo` tells it: real git, hooks, the forwarder, processes and HTTP."""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.eventually import eventually

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
    eventually(lambda: not left_behind(place), "what `kill` asked to end has ended", 60)
    place.rmdir()


@pytest.mark.timeout(120)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_story_that_is_cut_short_says_so_and_leaves_nothing_behind(number: signal.Signals) -> None:
    place = Path(tempfile.mkdtemp(prefix="ab-"))
    environ = os.environ | {"TMPDIR": str(place)}
    words, both = [sys.executable, STORY, "--keep"], {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    with subprocess.Popen(words, env=environ, text=True, **both) as playing:
        assert playing.stdout
        assert any("main: 3 Ready" in line for line in playing.stdout)
        assert left_behind(place) != []
        playing.send_signal(number)
        last = playing.stdout.read()
        assert playing.wait(60) == 130
    assert "cut short" in last
    assert "Traceback" not in last
    eventually(lambda: not left_behind(place), "what a command had started has ended as well", 60)
    place.rmdir()
