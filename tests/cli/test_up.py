"""up: daemon and forwarder in one command, told of a push by the hook that `hook install` wrote, or by a git host."""

import hashlib
import hmac
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

_SETTINGS = """\
repositories: [{{name: app, url: 'file://{directory}/app.git'}}]
runtime: memory
state: state
polling: {{interval: 3600, jitter: 0}}
removal_grace: 3600
git: {{protocols: [file]}}
api: {{socket: api.sock}}
forwarder:
  address: 127.0.0.1:{port}
  hooks:
  - {{name: git, provider: post-receive, secret_files: [git.secret], repositories: {{app: app}}}}
  - {{name: github, provider: github, secret_files: [git.secret], repositories: {{acme/app: app}}}}
"""
_SECRET = b"correct horse battery staple, and a bit more"
_DELIVERIES = Path(__file__).parents[1] / "webhook" / "cases" / "github"


@pytest.fixture
def directory(world: Any) -> Iterator[Path]:
    """Settings, a secret, and an empty repository; polling is too rare to find anything."""
    made = Path(tempfile.mkdtemp(prefix="ab-up-"))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (made / "anabranch.yaml").write_text(_SETTINGS.format(directory=made, port=port))
    secret = made / "git.secret"
    secret.write_bytes(_SECRET)
    secret.chmod(0o600)
    shutil.copytree(world.directory / "app.git", made / "app.git")
    yield made
    shutil.rmtree(made)


@pytest.fixture
def up(world: Any, directory: Path) -> Iterator["subprocess.Popen[str]"]:
    """The command, ready; it is stopped as a person would."""
    running = world.spawn("up", "--settings", str(directory / "anabranch.yaml"))
    try:
        seen = ""
        while "forwarder is ready" not in seen or '"ready"' not in seen:
            line = running.stderr.readline()
            assert line, seen
            seen += line
        yield running
    finally:
        running.terminate()
        try:
            running.communicate(timeout=30)
        finally:
            running.kill()


def push(directory: Path, *refs: str) -> None:
    """Push to the repository, so that its hook runs."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(directory), "GIT_CONFIG_NOSYSTEM": "1"}
    command = ["git", "-C", str(directory / "app.git"), "push", "--quiet", str(directory / "app.git"), *refs]
    subprocess.run(command, env=environment, check=True, timeout=60)


def test_a_push_is_told_by_the_hook_and_the_branch_runs(world: Any, directory: Path, up: Any) -> None:
    at = str(directory / "api.sock")
    installed = world.run("hook", "install", "app.git", at=directory)
    assert installed.code == 0, installed.err
    push(directory, "main:hooked")
    waited = world.run("--socket", at, "-n", "hooked", "wait", "app", "--timeout", "60")
    assert waited.code == 0, waited.err
    release = world.run("--socket", at, "history", "hooked:app", "-o", "json").json[0]
    assert release["cause"] == "push"
    assert release["delivery"] not in ("", "poll")
    page = world.run("--socket", at, "describe", "hooked:app").out
    assert f"push by delivery {release['delivery']}" in page
    check_trace(world.run("--socket", at, "actors", "trace", release["delivery"], "-o", "json").json, release["commit"])
    push(directory, ":hooked")
    world.until(lambda: "hooked" not in world.run("--socket", at, "envs", "-q").lines)


def deliver(world: Any, directory: Path, case: str) -> int:
    """Send a recorded delivery as GitHub would, signed; returns the status of the answer."""
    body = (_DELIVERIES / case / "body.json").read_bytes()
    headers = json.loads((_DELIVERIES / case / "headers.json").read_text())
    headers["X-Hub-Signature-256"] = "sha256=" + hmac.new(_SECRET, body, hashlib.sha256).hexdigest()
    listed = world.run("hook", "list", "-o", "json", at=directory).json
    url = next(hook["url"] for hook in listed if hook["name"] == "github")
    with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=20) as answer:
        return int(answer.status)


def test_a_pull_request_at_the_git_host_is_shown_at_its_environment(world: Any, directory: Path, up: Any) -> None:
    at = str(directory / "api.sock")

    def note() -> str:
        envs = world.run("--socket", at, "envs", "-o", "json").json
        return next((env["note"] for env in envs if env["branch"] == "feature/login"), "")

    push(directory, "main:feature/login")
    world.run("--socket", at, "sync", at=directory)
    assert world.run("--socket", at, "-n", "feature/login", "wait", "app", "--timeout", "60").code == 0
    assert note() == ""
    for case, line in (
        ("pull_opened", "app: PR 12 open: Fix the login"),
        ("pull_merged", "app: PR 12 merged: Fix the login"),
        ("pull_synchronize", "app: PR 12 open: Fix"),
        ("pull_closed", "app: PR 12 closed: Fix the login"),
    ):
        assert deliver(world, directory, case) == 202
        world.until(lambda line=line: note().startswith(line))
        looked_at = world.run("--socket", at, "describe", "feature/login", "-o", "json").json["looked_at"]
        assert [each["note"] for each in looked_at] == [f"app; {note().removeprefix('app: ')}"]
        assert note().isprintable()
    assert [row["number"] for row in world.run("--socket", at, "history", "feature/login:app", "-o", "json").json] == [
        1
    ]


def check_trace(trace: dict[str, Any], commit: str) -> None:
    """From the journal to Ready, every kind of actor took part, each step after the one that led to it."""
    steps = [(step["actor"], step["message"]) for step in trace["steps"]]
    path = [
        ("forwarder", "delivery"),
        ("api", "RefHint"),
        ("orchestrator", "RefHint"),
        ("repository app", "RefHint"),
        ("repository app", "Look"),
        ("repository app", "HeadMoved"),
        ("orchestrator", "HeadMoved"),
        ("branch hooked", "HeadMoved"),
        ("service hooked:app", "Define"),
        ("service hooked:app", "Recorded"),
        ("deployment hooked:app@v1", "StartDeployment"),
        ("deployment hooked:app@v1", "Observation"),
        ("service hooked:app", "DeploymentStatus"),
        ("service hooked:app", "ReleaseReady"),
    ]
    places = [steps.index(step) for step in path]
    assert places == sorted(places), steps
    assert [step["at"] for step in trace["steps"]] == sorted(step["at"] for step in trace["steps"])
    assert f"app@hooked {commit[:7]}" in trace["carried"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_both(world: Any, directory: Path, up: Any, number: signal.Signals) -> None:
    children = Path(f"/proc/{up.pid}/task/{up.pid}/children").read_text().split()
    tasks = {child for task in Path(f"/proc/{up.pid}/task").iterdir() for child in _children(task)}
    assert tasks | set(children)
    up.send_signal(number)
    assert up.wait(30) == 0
    assert not [child for child in tasks if Path(f"/proc/{child}").exists()]
    assert not (directory / "api.sock").exists()


def _children(task: Path) -> list[str]:
    try:
        return (task / "children").read_text().split()
    except OSError:
        return []
