"""Releases that really run, and ways to wait for what they do."""

import socket
import sys
import threading
import urllib.error
import urllib.request
from pathlib import Path

from orchestrator.domain.release import Cause, Release, ResolvedContainer, ResolvedFile
from orchestrator.domain.status import Address, Health, Observation
from orchestrator.domain.workload import Container, Port, Probe, Variable, Workload
from orchestrator.runtimes import Runtime
from orchestrator.runtimes.process import ProcessOptions, proc

PATIENCE = 60.0
HTTP = Port("http", 80, 8080)

SERVICE = """
import os, socket, threading
listener = socket.create_server(("127.0.0.1", int(os.environ["PORT"])))
body = f"{os.environ['ANABRANCH_ENVIRONMENT']}/v{os.environ['ANABRANCH_RELEASE']}"
answer = f"HTTP/1.1 200 OK\\r\\nContent-Length: {len(body)}\\r\\n\\r\\n{body}".encode()
def serve(connection):
    with connection:
        while request := connection.recv(65536):
            if b"/crash" in request:
                os._exit(3)
            connection.sendall(answer)
print("listening", flush=True)
while True:
    threading.Thread(target=serve, args=listener.accept()[:1], daemon=True).start()
"""
RUN = (sys.executable, "-S", "-E")
GOOD = (*RUN, "service.py")
CRASH = ("sh", "-c", "echo it broke; exit 1")
NEVER = ("sleep", "300")


def source(repository: str, commit: str, directory: Path) -> tuple[str, ...]:
    """Lay out a tree that holds the service."""
    (directory / "service.py").write_text(SERVICE)
    return ()


def make_release(
    environment: str,
    number: int,
    command: tuple[str, ...] = GOOD,
    *,
    service: str = "app",
    ports: tuple[Port, ...] = (HTTP,),
    readiness: Probe | None = None,
    liveness: Probe | None = None,
    variables: tuple[tuple[str, str], ...] = (),
    files: tuple[ResolvedFile, ...] = (),
) -> Release:
    """Make a release of one container."""
    written = tuple(Variable(name, text) for name, text in variables)
    container = Container("main", ".", command, variables=written, readiness=readiness, liveness=liveness)
    return Release(
        environment=environment,
        branch=environment,
        service=service,
        number=number,
        repository="app",
        commit=f"{number:040x}",
        subject="a change",
        cause=Cause.PUSH,
        change="",
        delivery="",
        created=1.0,
        workload=Workload(service, "score.yaml", ports, (container,)),
        resolved=(ResolvedContainer("main", tuple(sorted(variables)), files),),
        digest=str(number),
    )


def get(address: Address, path: str = "/") -> str:
    """Answer of a GET over a connection of its own, or the name of the error."""
    try:
        with urllib.request.urlopen(f"http://{address.host}:{address.port}{path}", timeout=10) as answer:
            return str(answer.read().decode())
    except urllib.error.URLError as error:
        return type(error.reason).__name__
    except OSError as error:
        return type(error).__name__


def connected(address: Address) -> socket.socket:
    """Open a connection."""
    return socket.create_connection((address.host, address.port), timeout=10)


class Watcher:
    """Keeps what was observed; each wait for a release goes on where the last one ended."""

    def __init__(self, runtime: Runtime) -> None:
        self.seen: list[Observation] = []
        self._read: dict[tuple[str, str, int], int] = {}
        self._news = threading.Condition()
        runtime.watch(self._note)

    def wait(
        self, environment: str, release: int, health: Health, reason: str = "", service: str = "app"
    ) -> Observation:
        """Wait for an observation of a release that has this health and `reason` in its reason."""
        name = (environment, service, release)

        def found() -> Observation | None:
            for at, seen in enumerate(self.seen):
                matches = (seen.environment, seen.service, seen.release) == name and seen.health is health
                if matches and reason in seen.reason and at >= self._read.get(name, 0):
                    self._read[name] = at + 1
                    return seen
            return None

        with self._news:
            observation = self._news.wait_for(found, PATIENCE)
            assert observation, f"{health} {reason!r} was not seen: {self.seen[-5:]}"
            return observation

    def ready(self, environment: str, release: int, service: str = "app") -> Observation:
        """Wait until a release is Ready."""
        return self.wait(environment, release, Health.READY, service=service)

    def forget(self) -> None:
        """Wait only for what is observed from now on."""
        with self._news:
            self.seen.clear()
            self._read.clear()

    def _note(self, observation: Observation) -> None:
        with self._news:
            self.seen.append(observation)
            self._news.notify_all()


def make_options(state: Path) -> ProcessOptions:
    """Options with short times, so that a test waits for nothing longer than it must."""
    return ProcessOptions(
        state,
        allow_root=True,
        ready_after=0.2,
        ready_deadline=20.0,
        probe_interval=0.02,
        liveness_interval=0.1,
        drain=10.0,
        idle_after=1.0,
        kill_after=1.0,
        backoff_first=0.05,
        backoff_max=1.0,
    )


def runner_of(options: ProcessOptions) -> int:
    """Name the runner process of a state directory, 0 while there is none."""
    command = "orchestrator.runtimes.process.runner\0"
    for pid in proc.pids():
        words = cmdline(pid)
        if (
            command in words
            and str(options.state) in words
            and (described := proc.stat(pid))
            and described.state != "Z"
        ):
            return pid
    return 0


def cmdline(pid: int) -> str:
    """The words of a process, each ended by NUL."""
    try:
        return (Path("/proc") / str(pid) / "cmdline").read_text()
    except OSError:
        return ""


def left_over(options: ProcessOptions) -> tuple[int, ...]:
    """Name the living processes that services of a state directory started."""
    return tuple(pid for pid in proc.marked(options.mark) if cmdline(pid))
