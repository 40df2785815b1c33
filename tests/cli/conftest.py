"""A real daemon that runs nothing (memory runtime), real repositories, and a person who types commands."""

import io
import json
import os
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import pytest

from orchestrator.cli import main
from tests.eventually import eventually

DEADLINE = 60.0
_ANABRANCH = (sys.executable, "-m", "orchestrator")
_PATHS = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
_GIT = {
    "GIT_AUTHOR_NAME": "A",
    "GIT_AUTHOR_EMAIL": "a@example.org",
    "GIT_COMMITTER_NAME": "A",
    "GIT_COMMITTER_EMAIL": "a@example.org",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
}
_SCORE = """\
apiVersion: score.dev/v1b1
metadata:
  name: {name}
containers:
  main:
    image: "."
    command: [{command}]
    variables:
{variables}
service:
  ports:
    http:
      port: 8080
resources:
{resources}
"""


@dataclass(frozen=True)
class Said:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()

    @property
    def json(self) -> object:
        return json.loads(self.out)

    @property
    def rows(self) -> list[list[str]]:
        """The words of a table below its header."""
        return [line.split() for line in self.lines[1:]]


class World:
    """Repositories app, web (which refers to app and audit), other_app, audit and many, followed by a daemon."""

    repositories = ("app", "web", "other_app", "audit", "many")

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.socket = directory / "api.sock"
        self.settings = directory / "anabranch.yaml"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.observe = free.getsockname()[1]
        self._git_program = str(shutil.which("git"))

    def run(self, *arguments: str, at: Path | None = None, **variables: str) -> Said:
        """Type a command, in this process."""
        out, err = io.StringIO(), io.StringIO()
        before = Path.cwd()
        os.chdir(at or self.directory)
        try:
            environment = mock.patch.dict(os.environ, self._environment(variables), clear=True)
            temporary = mock.patch.object(tempfile, "tempdir", str(self.directory))
            with environment, temporary, redirect_stdout(out), redirect_stderr(err):
                code = self._code(arguments)
        finally:
            os.chdir(before)
        return Said(code, out.getvalue(), err.getvalue())

    def spawn(self, *arguments: str, **variables: str) -> "subprocess.Popen[str]":
        """Type a command, in a process of its own."""
        return subprocess.Popen(
            [*_ANABRANCH, *arguments],
            env=self._environment(variables),
            cwd=self.directory,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def shell(self, line: str, **variables: str) -> Said:
        """Type a line into a shell in which `anabranch` is this one."""
        script = f'set -o pipefail; anabranch() {{ {shlex.join(_ANABRANCH)} "$@"; }}; {line}'
        done = subprocess.run(
            ["bash", "-c", script],
            env=self._environment(variables),
            cwd=self.directory,
            capture_output=True,
            text=True,
            check=False,
            timeout=DEADLINE,
        )
        return Said(done.returncode, done.stdout, done.stderr)

    def _environment(self, variables: dict[str, str]) -> dict[str, str]:
        home = {"HOME": str(self.directory), "COLUMNS": "200", "LANG": "C.UTF-8", "TMPDIR": str(self.directory)}
        return {**_PATHS, **home, "ANABRANCH_SOCKET": str(self.socket), **variables}

    @staticmethod
    def _code(arguments: tuple[str, ...]) -> int:
        try:
            return main(list(arguments))
        except SystemExit as ended:
            return int(ended.code or 0)

    # Git

    def git(self, repository: str, *arguments: str, stdin: str = "") -> str:
        """Run git on one of the bare repositories."""
        command = [self._git_program, f"--git-dir={self.directory / repository}.git", *arguments]
        environment = {"PATH": os.environ["PATH"], **_GIT}
        done = subprocess.run(command, input=stdin, env=environment, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def push(self, repository: str, branch: str, score: str, subject: str = "Change", file: str = "score.yaml") -> str:
        """Point a branch at a new commit that holds one file."""
        blob = self.git(repository, "hash-object", "-w", "--stdin", stdin=score)
        tree = self.git(repository, "mktree", stdin=f"100644 blob {blob}\t{file}\n")
        commit = self.git(repository, "commit-tree", tree, stdin=subject)
        self.git(repository, "update-ref", f"refs/heads/{branch}", commit)
        return commit

    def delete(self, repository: str, *branches: str) -> None:
        """Delete branches at once."""
        lines = "".join(f"delete refs/heads/{branch}\n" for branch in branches)
        self.git(repository, "update-ref", "--stdin", stdin=lines)

    def score(self, service: str, command: str = "serve", **variables: str) -> str:
        """Write the Score file of a service."""
        resources = ("app", "audit") if service == "web" else ()
        wired = {f"{name.upper()}_URL": f"${{resources.{name}.url}}" for name in resources}
        texts = {"LOG_LEVEL": "info", **wired, **variables}
        return _SCORE.format(
            name=service,
            command=json.dumps(command),
            variables="\n".join(f"      {name}: {json.dumps(text)}" for name, text in texts.items()),
            resources="\n".join(f"  {name}: {{type: service}}" for name in resources) or "  {}",
        )

    def make(self, branch: str, *services: str, **scores: str) -> str:
        """Push a branch with these services and wait until its environment is Ready; returns the branch."""
        for service in services:
            self.push(service.replace("-", "_"), branch, scores.get(service.replace("-", "_"), self.score(service)))
        self.ready(branch, *services)
        return branch

    def ready(self, branch: str, *services: str) -> None:
        """Wait until services of a branch are there and Ready."""
        self.run("sync")
        waited = self.run("-n", branch, "wait", *services, "--timeout", str(DEADLINE))
        assert waited.code == 0, waited.err

    @staticmethod
    def until(true: Callable[[], bool]) -> None:
        """Look again and again until something is so."""
        eventually(true, deadline=DEADLINE)


@contextmanager
def open_world(runtime: str, repositories: tuple[str, ...], score: Callable[[World, str], str]) -> Iterator[World]:
    """Run a daemon on repositories, each with one service on main."""
    directory = Path(tempfile.mkdtemp(prefix="ab-cli-"))
    made = World(directory)
    services = tuple(name.replace("_", "-") for name in repositories)
    for repository, service in zip(repositories, services, strict=True):
        subprocess.run(
            ["git", "init", "--quiet", "--bare", "--initial-branch=main", str(directory / f"{repository}.git")],
            env={"PATH": os.environ["PATH"], **_GIT},
            check=True,
        )
        made.push(repository, "main", score(made, service))
    lines = [f"  - {{name: {name}, url: 'file://{directory}/{name}.git'}}" for name in repositories]
    made.settings.write_text(
        "\n".join(
            [
                "repositories:",
                *lines,
                f"runtime: {runtime}",
                "process: {allow_root: true}",
                "state: state",
                "polling: {interval: 3600, jitter: 0}",
                "removal_grace: 0.2",
                "git: {protocols: [file]}",
                "api: {socket: api.sock}",
                f"observe: {{address: '127.0.0.1:{made.observe}'}}",
                "",
            ]
        )
    )
    with (directory / "daemon.log").open("w") as log:
        daemon = subprocess.Popen(
            [*_ANABRANCH, "daemon", "--settings", str(made.settings)],
            env={**_PATHS, "HOME": str(directory)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        made.until(lambda: daemon.poll() is not None or made.run("envs").code == 0)
        assert daemon.poll() is None, (directory / "daemon.log").read_text()
        made.ready("main", *services)
        yield made
    finally:
        daemon.terminate()
        try:
            status = daemon.wait(30)
        except subprocess.TimeoutExpired:
            daemon.kill()
            status = daemon.wait()
        said = (directory / "daemon.log").read_text()
        shutil.rmtree(directory, ignore_errors=True)
    assert status == 0, said[-4000:]
    assert "Traceback" not in said, said[-4000:]


@pytest.fixture(scope="session")
def world() -> Iterator[World]:
    """One daemon for the session; each test makes branches of its own."""
    with open_world("memory", World.repositories, World.score) as made:
        yield made


@pytest.fixture
def editor(tmp_path: Path) -> Callable[..., str]:
    """Make an $EDITOR of Python steps, one for each time it is opened; a step changes the text `text`."""

    def make(*steps: str) -> str:
        script = tmp_path / "editor.py"
        seen = tmp_path / "seen"
        script.write_text(
            "import pathlib, sys\n"
            f"seen = pathlib.Path({str(seen)!r})\n"
            "file = pathlib.Path(sys.argv[-1])\n"
            "text = file.read_text()\n"
            "rounds = len(list(seen.parent.glob('seen-*')))\n"
            "pathlib.Path(f'{seen}-{rounds}').write_text(text)\n"
            f"exec({list(steps)!r}[rounds])\n"
            "file.write_text(text)\n"
        )
        return f"{sys.executable} {script}"

    return make


@pytest.fixture
def shown(tmp_path: Path) -> Callable[[int], str]:
    """What the editor showed the n-th time."""
    return lambda round_: (tmp_path / f"seen-{round_}").read_text()
