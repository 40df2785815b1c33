"""A forwarder on another machine: it reaches the daemon through the hints listener, with a token from a file.

The daemon's own socket is not told to it; all that they share is an address and a token.
"""

import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

TOKEN = "t" * 40
DAEMON = """\
repositories: [{{name: app, url: 'file://{directory}/app.git'}}]
runtime: memory
state: state
polling: {{interval: 3600, jitter: 0}}
git: {{protocols: [file]}}
api: {{socket: api.sock}}
hints: {{address: '127.0.0.1:{hints}', token_file: token}}
forwarder: {{address: ''}}
"""
FORWARDER = """\
state: state
forwarder:
  address: 127.0.0.1:{port}
  socket: forwarder.sock
  daemon: {{url: 'http://127.0.0.1:{hints}', token_file: token}}
"""


@contextmanager
def running(world: Any, *words: str, until: str) -> Iterator[None]:
    process: subprocess.Popen[str] = world.spawn(*words)
    assert process.stderr
    try:
        seen = ""
        while until not in seen:
            line = process.stderr.readline()
            assert line, seen
            seen += line
        yield
    finally:
        process.terminate()
        try:
            process.communicate(timeout=30)
        finally:
            process.kill()


@pytest.fixture
def machines(world: Any) -> Iterator[tuple[Path, Path]]:
    """Directories of the daemon and of the forwarder, which share a token."""
    made = Path(tempfile.mkdtemp(prefix="ab-far-"))
    daemon, forwarder = made / "daemon", made / "forwarder"
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
    hints, port = (probe.getsockname()[1] for probe in probes)
    for probe in probes:
        probe.close()
    for directory, text in ((daemon, DAEMON), (forwarder, FORWARDER)):
        directory.mkdir(mode=0o700)
        (directory / "token").write_text(TOKEN)
        (directory / "anabranch.yaml").write_text(text.format(directory=directory, hints=hints, port=port))
    shutil.copytree(world.directory / "app.git", daemon / "app.git")
    yield daemon, forwarder
    shutil.rmtree(made)


def test_a_delivery_reaches_a_daemon_on_another_machine(world: Any, machines: tuple[Path, Path]) -> None:
    daemon, forwarder = machines
    here = {"at": forwarder, "ANABRANCH_SETTINGS_FILE": str(forwarder / "anabranch.yaml")}
    with (
        running(world, "daemon", "--settings", str(daemon / "anabranch.yaml"), until='"ready"'),
        running(world, "forwarder", "--settings", str(forwarder / "anabranch.yaml"), until="forwarder is ready"),
    ):
        assert world.run("hook", "add", "far", "-p", "github", "-r", "acme/app=app", **here).code == 0
        repository = f"--git-dir={daemon}/app.git"
        subprocess.run(["git", repository, "branch", "anabranch-test", "main"], check=True, capture_output=True)
        said = world.run("hook", "test", "far", "-o", "json", **here)
        assert said.code == 0, said.out
        assert said.json[-1]["note"].startswith("forwarded to http://127.0.0.1:")
        at = str(daemon / "api.sock")
        world.until(lambda: "anabranch-test" in world.run("--socket", at, "envs", "-q", at=daemon).lines)


def test_a_forwarder_with_another_token_says_so(world: Any, machines: tuple[Path, Path]) -> None:
    daemon, forwarder = machines
    (forwarder / "token").write_text("x" * 40)
    here = {"at": forwarder, "ANABRANCH_SETTINGS_FILE": str(forwarder / "anabranch.yaml")}
    with (
        running(world, "daemon", "--settings", str(daemon / "anabranch.yaml"), until='"ready"'),
        running(world, "forwarder", "--settings", str(forwarder / "anabranch.yaml"), until="forwarder is ready"),
    ):
        world.run("hook", "add", "far", "-p", "github", "-r", "acme/app=app", **here)
        said = world.run("hook", "test", "far", "-o", "json", **here)
        assert said.code == 1
        assert "answered 401; check its hints listener and the token" in said.json[-1]["note"]
        assert TOKEN not in said.out
