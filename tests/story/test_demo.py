"""The whole story, as `make demo` tells it: real git, hooks, the forwarder, processes and HTTP."""

import os
import subprocess
import sys
import tempfile
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
def test_every_line_of_the_story_holds_and_nothing_is_left_behind() -> None:
    place = Path(tempfile.mkdtemp(prefix="ab-"))
    environ = os.environ | {"TMPDIR": str(place)}
    played = subprocess.run(
        [sys.executable, STORY], check=False, env=environ, capture_output=True, text=True, timeout=280
    )
    assert played.returncode == 0, played.stdout[-4000:] + played.stderr
    assert "[8/8]" in played.stdout
    assert "no failure" in played.stdout
    place.rmdir()
    assert left_behind(place) == []
