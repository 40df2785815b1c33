"""A daemon of its own, on the memory runtime if not told otherwise, with real repositories that it reads as files."""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from processor import used

from orchestrator.cli.daemon_client import Daemon
from orchestrator.domain.snapshot import EnvironmentView, ServiceView
from orchestrator.domain.status import Health
from orchestrator.errors import Temporary
from tests.eventually import eventually

PATIENCE = 120.0
REPOSITORIES = ("app", "web", "other")
SCORE = """\
apiVersion: score.dev/v1b1
metadata: {{name: {name}}}
service: {{ports: {{http: {{port: 80}}}}}}
containers: {{main: {{image: ., command: [run], variables: {{GREETING: hello}}}}}}
"""
SETTINGS = """\
repositories: [{repositories}]
{runtime}
state: {place}/state
api: {{socket: {place}/api.sock}}
polling: {{interval: 600, jitter: 0}}
git: {{protocols: [file]}}
log: {{level: warning}}
"""


@dataclass(frozen=True, slots=True)
class Stage:
    """The daemon's client, its process, and where everything is."""

    place: Path
    daemon: Daemon
    process: "subprocess.Popen[bytes]"

    def services(self) -> tuple[ServiceView, ...]:
        """Every service of every environment."""
        return tuple(service for view in self.daemon.environments() for service in view.services)

    def cpu(self) -> float:
        """The seconds of CPU that the daemon has used."""
        return used(self.process.pid)

    def memory(self) -> int:
        """The daemon's resident bytes."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return 1024 * int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS")))


@contextlib.contextmanager
def stage(
    branches: int, files: int, names: Sequence[str] = REPOSITORIES, runtime: str = "runtime: memory"
) -> Iterator[Stage]:
    """Run a daemon until the context ends; each repository holds `files` services on `branches` branches."""
    with tempfile.TemporaryDirectory(prefix="ab-") as made:
        place = Path(made)
        for name in names:
            _repository(place / name, name, branches, files)
        process = _start(place, names, runtime)
        try:
            staged = Stage(place, Daemon(place / "api.sock"), process)
            eventually(lambda: _ready(staged, branches * files * len(names)), "the daemon", PATIENCE)
            yield staged
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(PATIENCE)


def serves(view: EnvironmentView, commit: str) -> bool:
    """Tell whether a service of an environment is Ready with a commit."""
    return any(
        service.status is Health.READY and service.serving is not None and service.serving.commit == commit
        for service in view.services
    )


def git(place: Path, *arguments: str) -> str:
    """Run git as a person without settings of their own would."""
    environ = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    who = ("-c", "user.name=bench", "-c", "user.email=bench@example.com", "-c", "init.defaultBranch=main")
    told = subprocess.run(("git", *who, *arguments), cwd=place, env=environ, check=True, capture_output=True)
    return told.stdout.decode().strip()


def _repository(place: Path, name: str, branches: int, files: int) -> None:
    place.mkdir()
    git(place, "init", "--quiet")
    for number in range(files):
        folder = place / f"part{number}"
        folder.mkdir()
        (folder / "score.yaml").write_text(SCORE.format(name=f"{name}-{number}"))
    git(place, "add", ".")
    git(place, "commit", "--quiet", "--message", "Begin")
    for number in range(1, branches):
        git(place, "branch", f"branch-{number}")


def _start(place: Path, names: Sequence[str], runtime: str) -> "subprocess.Popen[bytes]":
    repositories = ", ".join(
        f"{{name: {name}, url: 'file://{place}/{name}', default_branch: main, score: ['*/score.yaml'],"
        f" image: 'registry.example/{name}:{{commit}}'}}"
        for name in names
    )
    settings = SETTINGS.format(place=place, repositories=repositories, runtime=runtime)
    (place / "anabranch.yaml").write_text(settings)
    (place / "state").mkdir(mode=0o700)
    command = (sys.executable, "-m", "orchestrator", "daemon", "--settings", str(place / "anabranch.yaml"))
    return subprocess.Popen(command)


def _ready(staged: Stage, services: int) -> bool:
    if staged.process.poll() is not None:
        raise RuntimeError("the daemon ended")
    try:
        found = staged.services()
    except Temporary:
        return False
    return len(found) == services and all(service.status is Health.READY for service in found)
