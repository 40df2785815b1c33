"""How often git is asked: what nobody told of, polling finds; after an absence one look answers all that waited."""

import hashlib
import hmac
import json
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

SECRET = b"correct horse battery staple, and a bit more"
SETTINGS = """\
repositories: [{{name: app, url: 'file://{at}/app.git'}}, {{name: audit, url: 'file://{at}/audit.git'}}]
runtime: memory
state: state
polling: {{interval: {interval}, jitter: 0}}
git: {{protocols: [file]}}
api: {{socket: api.sock}}
log: {{format: json}}
forwarder:
  address: 127.0.0.1:{port}
  socket: forwarder.sock
  hooks:
  - {{name: github, provider: github, secret_files: [secret], repositories: {{acme/app: app, acme/audit: audit}}}}
"""
GIT = """\
#!/bin/sh
printf '%s\\n' "$*" >> {log}
exec {git} "$@"
"""
BRANCHES = tuple(f"waited-{number}" for number in range(6))
ROUNDS = 15


class Town:
    """Two repositories, a daemon and a forwarder, and a git that writes down what it is asked."""

    def __init__(self, world: Any, directory: Path) -> None:
        self.directory = directory
        self._world = world
        self._asked = directory / "asked"
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._port = free.getsockname()[1]
        for name in ("app", "audit"):
            shutil.copytree(world.directory / f"{name}.git", directory / f"{name}.git")
        (directory / "secret").write_bytes(SECRET)
        (directory / "secret").chmod(0o600)
        git = directory / "bin" / "git"
        git.parent.mkdir()
        git.write_text(GIT.format(log=self._asked, git=shutil.which("git")))
        git.chmod(0o755)

    def settle(self, interval: float) -> None:
        """Write the settings."""
        text = SETTINGS.format(at=self.directory, port=self._port, interval=interval)
        (self.directory / "anabranch.yaml").write_text(text)

    def branch(self, repository: str, *names: str) -> None:
        for name in names:
            subprocess.run(
                ["git", f"--git-dir={self.directory}/{repository}.git", "branch", name, "main"],
                check=True,
                capture_output=True,
            )

    def run(self, *words: str) -> Any:
        file = str(self.directory / "anabranch.yaml")
        at = str(self.directory / "api.sock")
        return self._world.run(*words, at=self.directory, ANABRANCH_SETTINGS_FILE=file, ANABRANCH_SOCKET=at)

    @contextmanager
    def running(self, program: str, until: str) -> Iterator[None]:
        path = f"{self.directory / 'bin'}{os.pathsep}{os.environ['PATH']}"
        process = self._world.spawn(program, "--settings", str(self.directory / "anabranch.yaml"), PATH=path)
        try:
            seen = ""
            while until not in seen:
                line = process.stderr.readline()
                assert line, seen
                seen += line
            reading = threading.Thread(target=process.stderr.read)
            reading.start()
            yield
        finally:
            process.terminate()
            try:
                process.wait(30)
            finally:
                process.kill()
            reading.join()
            process.stderr.close()
            process.stdout.close()

    def deliver(self, repository: str, branch: str, number: int) -> int:
        """Send a push, signed as GitHub does; returns the status of the answer."""
        before, after = f"{number:040x}", f"{number + 1:040x}"
        ref, full_name = f"refs/heads/{branch}", f"acme/{repository}"
        payload = {"ref": ref, "before": before, "after": after, "forced": True, "repository": {"full_name": full_name}}
        body = json.dumps(payload).encode()
        signature = f"sha256={hmac.new(SECRET, body, hashlib.sha256).hexdigest()}"
        about = {"X-GitHub-Event": "push", "X-GitHub-Delivery": f"{repository}-{branch}-{number}"}
        headers = {"Content-Type": "application/json", "X-Hub-Signature-256": signature} | about
        url = f"http://127.0.0.1:{self._port}/hooks/github"
        request = urllib.request.Request(url, body, headers)
        with urllib.request.urlopen(request, timeout=20) as answer:
            return int(answer.status)

    def asked(self) -> Counter[str]:
        """Count how often git was asked what the branches of each repository are."""
        lines = self._asked.read_text().splitlines() if self._asked.exists() else []
        return Counter(
            name for line in lines for name in ("app", "audit") if "ls-remote" in line and f"/{name}.git" in line
        )


@pytest.fixture
def town(world: Any) -> Iterator[Town]:
    made = Path(tempfile.mkdtemp(prefix="ab-git-"))
    yield Town(world, made)
    shutil.rmtree(made)


def test_a_push_that_no_webhook_tells_of_is_found_by_polling(world: Any, town: Town) -> None:
    town.settle(interval=1)
    with town.running("daemon", until='"ready"'):
        town.branch("audit", "quiet")
        world.until(lambda: "quiet" in town.run("envs", "-q").lines)
        assert town.run("-n", "quiet", "wait", "audit", "--timeout", "60").code == 0
        (release,) = town.run("history", "quiet:audit", "-o", "json").json
        assert (release["cause"], release["delivery"]) == ("push", "poll")


def test_a_daemon_that_returns_asks_each_repository_once_for_all_that_waited(world: Any, town: Town) -> None:
    town.settle(interval=3600)
    town.branch("app", *BRANCHES)
    town.branch("audit", *BRANCHES)
    with town.running("forwarder", until="forwarder is ready"):
        sent = [(name, branch, n) for n in range(ROUNDS) for branch in BRANCHES for name in ("app", "audit")]
        assert {town.deliver(*each) for each in sent} == {202}
        with town.running("daemon", until='"ready"'):
            world.until(lambda: not waiting(town))
            world.until(lambda: at_rest(town))
            at_start, for_all_that_waited = 1, 1
            assert set(town.asked()) == {"app", "audit"}
            assert max(town.asked().values()) <= at_start + for_all_that_waited
            assert set(BRANCHES) <= set(town.run("envs", "-q").lines)


def at_rest(town: Town) -> bool:
    """Tell whether no actor has anything to do, nor had between two looks: nothing that was told is on its way."""
    before, after = (town.run("actors", "tree", "-o", "json").json for _ in range(2))
    handled = [[(actor["name"], actor["handled"]) for actor in seen] for seen in (before, after)]
    return handled[0] == handled[1] and not any(actor["waiting"] or actor["state"] == "running" for actor in after)


def waiting(town: Town) -> list[Any]:
    listed = town.run("deliveries", "-o", "json", "--limit", "1000").json["deliveries"]
    return [delivery for delivery in listed if delivery["state"] != "forwarded"]
