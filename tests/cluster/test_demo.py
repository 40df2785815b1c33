"""`make demo RUNTIME=kubernetes`: the story that processes tell, line by line, on a control plane of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cluster.control_plane import ControlPlane
from tests.story.test_demo import STORY, left_behind


@pytest.mark.timeout(300)
def test_every_line_of_the_story_holds_on_a_cluster_and_nothing_is_left(plane: ControlPlane, tmp_path: Path) -> None:
    words = [sys.executable, STORY, "--runtime", "kubernetes"]
    environ = os.environ | {"TMPDIR": str(tmp_path)}
    played = subprocess.run(words, check=False, env=environ, capture_output=True, text=True, timeout=280)
    assert played.returncode == 0, played.stdout[-4000:] + played.stderr
    assert "[8/8]" in played.stdout
    assert "no failure" in played.stdout
    assert list(tmp_path.iterdir()) == []
    assert left_behind(tmp_path) == []
