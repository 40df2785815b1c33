"""The actors with real git repositories, a real store and a runtime in memory, on our system base and on Thespian's.

`simpleSystemBase` runs everything in the thread of its caller, so there `World.turn` delivers what ports want told.
"""

import os
import shutil
import subprocess
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from thespian.actors import ActorAddress, ActorSystem

from actors.engine import open_system
from actors.messages import (
    AllLooked,
    Approved,
    ApproveRemoval,
    Edit,
    Redeploy,
    Refused,
    StartOrchestrator,
    SyncRepositories,
)
from actors.orchestrator import OrchestratorActor
from actors.ports import CAPABILITY, Ports
from actors.roster import Roster
from orchestrator.adapters.board import Board
from orchestrator.adapters.git import GitOptions, Mirror
from orchestrator.adapters.store import Store
from orchestrator.daemon.post import Post
from orchestrator.domain.hint import RefHint
from orchestrator.domain.snapshot import Edited, EnvironmentView, EventView, ServiceView
from orchestrator.domain.status import Address, Health
from orchestrator.runtimes.memory import MemoryRuntime
from orchestrator.settings import Settings

DEADLINE = float(os.environ.get("AB_T", "30"))
Files = dict[str | bytes, str | bytes]


class Remote:
    """A bare repository that is written without a working tree, one process a push."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._program = str(shutil.which("git"))
        self._commits = 0

    def git(self, *arguments: str | bytes, stdin: bytes = b"") -> bytes:
        environment = {"PATH": os.environ["PATH"], "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null"}
        return subprocess.run(
            [self._program, *arguments], input=stdin, env=environment, check=True, capture_output=True
        ).stdout.strip()

    def commit(self, branch: str | bytes, files: Files, message: str = "Change") -> str:
        """Point a branch at a new commit that holds just these files; returns its id."""
        self._commits += 1
        ref = b"refs/heads/" + (branch if isinstance(branch, bytes) else branch.encode())
        blobs = [data if isinstance(data, bytes) else data.encode() for data in files.values()]
        stream = [b"blob\nmark :%d\ndata %d\n%s\n" % (n, len(data), data) for n, data in enumerate(blobs, 2)]
        stream.append(b"commit %s\nmark :1\ncommitter A <a@example.org> %d +0000\n" % (ref, 1700000000 + self._commits))
        stream.append(b"data %d\n%s\ndeleteall\n" % (len(message.encode()), message.encode()))
        paths = [path if isinstance(path, bytes) else path.encode() for path in files]
        stream += [b"M 100644 :%d %s\n" % (n, path) for n, path in enumerate(paths, 2)]
        stream.append(b"get-mark :1\n")
        out = self.git(f"--git-dir={self.path}", "fast-import", "--quiet", "--force", stdin=b"".join(stream))
        return out.decode()

    def point(self, branch: str, commit: str) -> None:
        self.git(f"--git-dir={self.path}", "update-ref", f"refs/heads/{branch}", commit)

    def make_default(self, branch: str) -> None:
        self.git(f"--git-dir={self.path}", "symbolic-ref", "HEAD", f"refs/heads/{branch}")

    def delete(self, *branches: str) -> None:
        lines = b"".join(b"delete refs/heads/" + branch.encode() + b"\n" for branch in branches)
        self.git(f"--git-dir={self.path}", "update-ref", "--stdin", stdin=lines)


def score(
    service: str, command: str = "run", needs: tuple[str, ...] = (), variables: dict[str, str] | None = None
) -> str:
    """Write a Score file: a service with port 80, a wire and a variable NAME_URL for each need."""
    wires = {f"{need.upper().replace('-', '_')}_URL": f"${{resources.{need}.url}}" for need in needs}
    lines = ["apiVersion: score.dev/v1b1", f"metadata: {{name: {service}}}", "service: {ports: {http: {port: 80}}}"]
    lines += ["containers:", "  main:", "    image: .", f"    command: [{command}]", "    variables:"]
    lines += [f'      {name}: "{text}"' for name, text in {"COLOUR": "red", **wires, **(variables or {})}.items()]
    if needs:
        lines += ["resources:", *(f"  {need}: {{type: service}}" for need in needs)]
    return "\n".join(lines) + "\n"


_GIT = GitOptions(protocols=("file",), deadline=20, clone_deadline=20, stall=20)


class CountingMirror(Mirror):
    """A mirror that counts how often its remote was asked."""

    looks = 0

    def heads(self) -> Any:
        self.looks += 1
        return super().heads()


@dataclass
class World:
    """A daemon without its doors, in this process; `base` is `engine` or `simple`."""

    base: str
    directory: Path
    settings: Settings
    remotes: dict[str, Remote]
    runtime: MemoryRuntime = field(init=False)
    events: list[EventView] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.runtime = MemoryRuntime(inline=self.base == "simple")

    # The daemon's life

    def start(self) -> None:
        """Start, as the composition root does."""
        self.outbox: deque[tuple[ActorAddress, Any]] = deque()
        self.changed = threading.Condition()
        self.root: ActorAddress | None = None
        self.board, self.roster = Board(), Roster()
        self.board.subscribe(self._notice)
        self.mirrors = {
            r.name: CountingMirror(self.directory / r.name, r.name, r.url, _GIT, r.default_branch or None)
            for r in self.settings.repositories
        }
        self.store = Store(self.directory / "store.sqlite", self.deliver, threaded=self.base == "engine")
        ports = Ports(
            self.settings,
            self.mirrors,
            self.runtime,
            self.store,
            self.board,
            self.roster,
            time.time,
            time.monotonic,
            lambda: 0.0,
        )
        self.ports = ports
        self.system = _open(self.base, ports)
        root = self.root = self.system.createActor(OrchestratorActor, globalName="anabranch")
        post = self.post = Post()
        post.open(self.system, root)
        self.runtime.watch(lambda seen: self.deliver(root, seen) if self.post is post else None)
        self.tell(StartOrchestrator())

    def stop(self) -> None:
        """End in reverse; what runs in the runtime stays."""
        self.post.close()
        self.system.shutdown()
        self.store.close()
        for mirror in self.mirrors.values():
            mirror.close()

    def restart(self, *, runtime: bool = True) -> None:
        """Stop and start on the same state; with `runtime` everything that ran is gone."""
        self.stop()
        if runtime:
            self.runtime.close()
            self.runtime = MemoryRuntime(inline=self.base == "simple")
        self.start()

    def close(self) -> None:
        self.stop()
        self.runtime.close()

    # Its ports and doors

    def deliver(self, address: Any, message: Any) -> None:
        """Send what a port wants told; simpleSystemBase must not be entered from within, so there it waits."""
        if self.base == "simple":
            self.outbox.append((address, message))
        else:
            self.post.deliver(address, message)

    def tell(self, message: Any) -> None:
        self.system.tell(self.root, message)
        self.turn()

    def turn(self) -> None:
        """On simpleSystemBase: let the actors have what ports told, and what is due."""
        while self.base == "simple" and self.outbox:
            self.system.tell(*self.outbox.popleft())

    def ask(self, message: Any) -> Any:
        """Ask the root as the gateway does; a refusal is returned, too."""
        if self.base == "engine":
            with self.system.private() as asker:
                answer = asker.ask(self.root, message, timedelta(seconds=DEADLINE))
        else:
            self.tell(message)
            ends, answer = time.monotonic() + DEADLINE, None
            while answer is None and time.monotonic() < ends:
                self.turn()
                answer = self.system.listen(timedelta(seconds=0.02))
        assert isinstance(answer, Edited | Refused | Approved | AllLooked), answer
        return answer

    def edit(self, environment: str, service: str, revision: str = "", **changes: str | None) -> Any:
        return self.ask(Edit(environment, service, tuple(changes.items()), revision, "ann"))

    def redeploy(self, environment: str, service: str) -> Any:
        return self.ask(Redeploy(environment, service, "ann"))

    def approve(self, repository: str) -> Any:
        return self.ask(ApproveRemoval(repository))

    def sync(self) -> None:
        self.tell(SyncRepositories())

    def hint(self, repository: str, branch: str, *, deleted: bool = False) -> None:
        ref = f"refs/heads/{branch}" if branch else ""
        self.tell(RefHint(repository, ref, deleted=deleted, delivery=f"hook-{repository}"))

    # What people do

    def push(self, repository: str, branch: str, files: Files | str, message: str = "Change") -> str:
        """Push a commit and hint at it; a text is the Score file."""
        files = {"score.yaml": files} if isinstance(files, str) else files
        commit = self.remotes[repository].commit(branch, files, message)
        self.hint(repository, branch)
        return commit

    def delete(self, repository: str, branch: str) -> None:
        self.remotes[repository].delete(branch)
        self.hint(repository, branch, deleted=True)

    def become(self, environment: str, service: str, release: int, health: str, reason: str = "") -> None:
        """Let a release be Ready, Degraded or Progressing from now on; the runtime is given it after it is shown."""
        run = (environment, service, release)
        running = self.runtime.running
        self.until(lambda: run in [(r.environment, r.service, r.release) for r in running()], f"{run} runs")
        self.runtime.become(environment, service, release, Health(health), reason)
        self.turn()

    # What readers see

    def environment(self, name: str) -> EnvironmentView | None:
        return self.board.get(name)

    def names(self, environment: str) -> tuple[str, ...]:
        """Name the environment's own services."""
        view = self.board.get(environment)
        return tuple(s.service for s in view.services if s.present) if view else ()

    def service(self, environment: str, name: str) -> ServiceView | None:
        view = self.board.get(environment)
        return next((s for s in view.services if s.service == name), None) if view else None

    def is_ready(self, environment: str, name: str, release: int | None = None) -> bool:
        """Tell whether this very release serves, is well, and nothing else is under way."""
        found = self.service(environment, name)
        if not (found and found.present and found.serving and found.status is Health.READY and not found.pending):
            return False
        return release in (None, found.serving.number)

    def leads_to(self, environment: str, service: str) -> tuple[str, str, int] | None:
        """Say who answers at the address that this environment's service has: (environment, service, release)."""
        found = self.service(environment, service)
        if not found or not found.addresses:
            return None
        host, _, port = found.addresses[0][1].removeprefix("http://").partition(":")
        return self.runtime.leads_to(Address(host, int(port)))

    def value(self, environment: str, service: str, variable: str) -> str:
        """Give what a variable is in the release that serves."""
        found = self.service(environment, service)
        return next((v.value for v in found.variables if v.name == variable), "") if found else ""

    def kinds(self, environment: str, service: str = "") -> list[str]:
        return [e.kind for e in list(self.events) if (e.environment, e.service) == (environment, service)]

    # Waiting

    def until(self, holds: Callable[[], object], what: str) -> None:
        """Wait until something holds, looking whenever the board changes."""
        ends = time.monotonic() + DEADLINE
        while not self._holds(holds):
            assert time.monotonic() < ends, f"not in time: {what}\n{self._picture()}"
            self._wait()

    def until_ready(self, environment: str, service: str, release: int | None = None) -> None:
        self.until(
            lambda: self.is_ready(environment, service, release), f"{environment}:{service} v{release or '?'} is ready"
        )

    def until_read(self, *repositories: str) -> None:
        """Let repositories be read anew and wait until services and readers have had every word of it."""
        for repository in repositories or self.remotes:
            for _ in range(2):  # a second look begins when the first one is over
                before = self._looks(repository)
                self.hint(repository, "")
                self.until(lambda b=before, r=repository: self._looks(r) > b, f"{repository} is read")  # type: ignore[misc]
        for view in self.board.read():
            for service in (*(s.service for s in view.services), "nobody"):  # the branch itself answers for nobody
                self.edit(view.environment, service, **{"not-a-name": "x"})

    def _looks(self, repository: str) -> int:
        return self.mirrors[repository].looks

    def _holds(self, holds: Callable[[], object]) -> bool:
        self.turn()
        with suppress(AttributeError, IndexError):
            return bool(holds())
        return False

    def _wait(self) -> None:
        if self.base == "simple":
            self.system.listen(timedelta(seconds=0.02))
            return
        with self.changed:
            self.changed.wait(0.05)

    def _notice(self, change: object) -> None:
        if isinstance(change, EventView):
            self.events.append(change)
        with self.changed:
            self.changed.notify_all()

    def _picture(self) -> str:
        lines = [f"{e.environment or '-'}:{e.service} {e.kind} {e.text}" for e in self.events]
        for view in self.board.read():
            lines.append(f"{view.environment} {view.status} {view.note} {view.problems} {view.looked_at}")
            lines += [
                f"  {s.name} present={s.present} {s.status} {s.note!r} v{s.serving and s.serving.number} "
                f"pending={s.pending and s.pending.number} borrowed={s.borrowed_from}"
                for s in view.services
            ]
        lines += [f"{note.name}: {note.detail} {note.failure}" for note in self.roster.read().values()]
        return "\n".join([*lines, f"runtime: {self.runtime.environments()} {self.runtime.running()}"])


def _open(base: str, ports: Ports) -> ActorSystem:
    capabilities: dict[str, Any] = {CAPABILITY: ports}
    if base == "engine":
        return open_system(capabilities)
    return ActorSystem("simpleSystemBase", capabilities, logDefs=False, transientUnique=True)


@pytest.fixture(scope="session")
def empty_repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository whose default branch `main` holds no service, to be copied."""
    remote = Remote(tmp_path_factory.mktemp("remote") / "empty.git")
    remote.git("init", "--bare", "--quiet", "--template=", "--initial-branch=main", str(remote.path))
    remote.commit("main", {"README": "nothing to run"})
    return remote.path


@pytest.fixture(params=["engine", "simple"])
def base(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def build(base: str, empty_repository: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., World]]:
    """Make a world that is not started: `build("app", "web", **settings)`."""
    made: list[World] = []
    state = Path(tempfile.mkdtemp(prefix="ab-"))
    monkeypatch.setenv("THESPLOG_FILE", str(state / "thespian.log"))
    monkeypatch.setattr("actors.base.FIRST_RETRY", 0.05)

    def make(*names: str, **settings: Any) -> World:
        directory = state / str(len(made))
        remotes = {name: Remote(directory / f"{name}.git") for name in names or ("app",)}
        for remote in remotes.values():
            shutil.copytree(empty_repository, remote.path)
        repositories = [{"name": name, "url": str(remote.path)} for name, remote in remotes.items()]
        changed = {"removal_grace": 0.05, "polling": {"interval": 3600, "jitter": 0}, **settings}
        model = Settings.model_validate({"repositories": repositories, "git": {"protocols": ["file"]}, **changed})
        made.append(World(base, directory, model, remotes))
        return made[-1]

    yield make
    for world in made:
        if hasattr(world, "system"):
            world.close()
    shutil.rmtree(state, ignore_errors=True)


def _started(world: World) -> World:
    world.start()
    world.until(lambda: len(world.environment("main").looked_at) == len(world.remotes), "every repository was read")  # type: ignore[union-attr]
    return world


@pytest.fixture
def alone(build: Callable[..., World]) -> World:
    """One repository, `app`, whose default branch holds nothing; started and read."""
    return _started(build("app"))


@pytest.fixture
def world(build: Callable[..., World]) -> World:
    """Two repositories, `app` and `web`, whose default branches hold nothing; started and read."""
    return _started(build("app", "web"))


@pytest.fixture
def three(build: Callable[..., World]) -> World:
    """Three repositories, `app`, `web` and `other_app`; started and read."""
    return _started(build("app", "web", "other_app"))


@pytest.fixture
def score_file() -> Callable[..., str]:
    return score
