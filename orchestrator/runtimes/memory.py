"""A runtime that runs nothing: for tests of the actors and for dry runs.

In: the orders of the port. Out: the observations that a real runtime would make, from a thread of its own or, with
`inline`, from within the order. The first word of a workload's command says how it behaves: `crash` fails before it is
Ready, `never-ready` waits until `become` decides, anything else is Ready at once.
"""

import threading
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import count
from queue import SimpleQueue
from zlib import crc32

from orchestrator.domain.entry import Entry
from orchestrator.domain.release import Release
from orchestrator.domain.status import Address, Health, Observation
from orchestrator.domain.workload import Workload
from orchestrator.errors import NotFound, Permanent
from orchestrator.runtimes import LogLine, LogLines, Running, Sink
from orchestrator.runtimes.entered import entered
from orchestrator.runtimes.succession import Key, Succession, leads_to

_FIRST_WORDS = {
    "crash": (Health.DEGRADED, "exited with status 1 before it was ready"),
    "never-ready": (Health.PROGRESSING, "waiting for it to listen"),
}


@dataclass(slots=True)
class _Run:
    release: Release
    health: Health
    reason: str = ""
    lines: list[str] = field(default_factory=list)

    def observed(self) -> Observation:
        release = self.release
        tail = tuple(self.lines[-20:]) if self.health is Health.DEGRADED else ()
        return Observation(
            release.environment, release.service, release.number, self.health, self.reason, tail, tries=1
        )


class MemoryRuntime:
    """The Runtime port in memory; any thread may call."""

    def __init__(self, *, inline: bool = False) -> None:
        self._lock = threading.RLock()
        self._environments: set[str] = set()
        self._services: dict[Key, Succession[_Run]] = {}
        self._routes: dict[Key, str] = {}
        self._addresses: dict[tuple[str, str, int], Address] = {}
        self._sinks: list[Sink] = []
        self._seen: SimpleQueue[Observation | None] = SimpleQueue()
        self._inline = inline
        self._teller: threading.Thread | None = None
        if not inline:
            self._teller = threading.Thread(target=self._tell_all, name="memory-runtime", daemon=True)
            self._teller.start()

    def refuse(self, workload: Workload) -> str:
        """Refuse a container without a command: how it behaves would be unknown."""
        idle = [container.name for container in workload.containers if not container.command]
        return f"{workload.file}: container {idle[0]} has no command" if idle else ""

    def ensure_environment(self, environment: str, branch: str) -> None:  # noqa: ARG002 - the port's signature
        """Make the environment exist."""
        with self._lock:
            self._environments.add(environment)

    def remove_environment(self, environment: str) -> None:
        """Forget everything in the environment."""
        with self._lock:
            self._environments.discard(environment)
            self._services = {key: held for key, held in self._services.items() if key[0] != environment}
            self._routes = {key: held for key, held in self._routes.items() if key[0] != environment}
            self._addresses = {key: held for key, held in self._addresses.items() if key[0] != environment}

    def environments(self) -> tuple[str, ...]:
        """Name the environments that exist."""
        with self._lock:
            return tuple(sorted(self._environments))

    def apply(self, release: Release) -> None:
        """Take the release on and decide its health by its command. Raises Permanent for what `refuse` refuses."""
        if problem := self.refuse(release.workload):
            raise Permanent(f"{release.name}: {problem}")
        key = (release.environment, release.service)
        with self._lock:
            self._environments.add(release.environment)
            service = self._services.setdefault(key, Succession())
            run = next((r for r in service.members if r.release.number == release.number), None)
            if run is None:
                run = _Run(release, *_behaviour(release))
                run.lines.append(run.reason or "started")
                service.follow(run)
            elif run is service.serving:
                service.follow(None)
            self._settle(run)

    def remove(self, environment: str, service: str) -> None:
        """End all releases of the service; its route stays."""
        with self._lock:
            self._services.pop((environment, service), None)

    def route(self, environment: str, service: str, target: str | None) -> None:
        """Remember where the service's addresses lead without a release of its own."""
        with self._lock:
            self._environments.add(environment)
            self._routes.pop((environment, service), None)
            if target is not None:
                self._routes[environment, service] = target

    def routed(self, environment: str) -> tuple[str, ...]:
        """Name the services of an environment that have a route."""
        with self._lock:
            return tuple(sorted(service for there, service in self._routes if there == environment))

    def address(self, environment: str, service: str, port: int) -> Address:
        """Name the stable address of a service's port."""
        with self._lock:
            self._environments.add(environment)
            key = (environment, service, port)
            if key not in self._addresses:
                self._addresses[key] = self._free(crc32(repr(key).encode()))
            return self._addresses[key]

    def _free(self, seed: int) -> Address:
        """Choose by name, so that a runtime that is started again gives the same addresses, whoever asks first."""
        candidates = (Address("127.0.0.1", 20000 + (seed + step) % 40000) for step in count())
        return next(address for address in candidates if address not in self._addresses.values())

    def published(self, environment: str, service: str) -> str:  # noqa: ARG002 - the port's signature
        """Name none: a browser on this machine reaches what peers reach."""
        return ""

    def running(self) -> tuple[Running, ...]:
        """Tell what runs now."""
        with self._lock:
            return tuple(
                Running(environment, name, run.release.number, run.health, run is service.serving)
                for (environment, name), service in sorted(self._services.items(), key=lambda item: item[0])
                for run in service.members
            )

    def watch(self, sink: Sink) -> None:
        """Call `sink` for every observation from now on."""
        with self._lock:
            self._sinks.append(sink)

    def logs(self, environment: str, service: str, release: int | None, *, tail: int, follow: bool) -> LogLines:
        """Yield the lines that a release would have written; there are never new ones to `follow`."""
        del follow
        with self._lock:
            known = self._services.get((environment, service), Succession()).members
            runs = [run for run in known if release in (None, run.release.number)]
            if not runs:
                raise NotFound(f"no release of {service} in {environment} has logs here")
            run = runs[-1]
            texts = run.lines[-tail:] if tail > 0 else []
            return _Lines(LogLine(environment, service, run.release.number, run.release.created, t) for t in texts)

    def enter(self, environment: str, service: str, release: int | None) -> Entry:
        """Refuse: nothing runs. Raises NotFound when it would not run either."""
        number = entered(self.running(), environment, service, release)
        raise Permanent(
            f"{environment}:{service}@v{number} cannot be entered: nothing runs in a dry run (runtime: memory)"
        )

    def public(self, environment: str, service: str, address: Address) -> str:  # noqa: ARG002 - the port's signature
        """Name the URL that the address would have."""
        return f"http://{address.host}:{address.port}"

    def close(self) -> None:
        """Forget every release and end the thread."""
        with self._lock:
            self._services.clear()
            self._sinks.clear()
            teller, self._teller = self._teller, None
        if teller is not None:
            self._seen.put(None)
            teller.join(10)

    def become(self, environment: str, service: str, release: int, health: Health, reason: str = "") -> None:
        """Decide what is observed of a release from now on: Ready lets it serve. Raises NotFound."""
        with self._lock:
            for run in self._services.get((environment, service), Succession()).members:
                if run.release.number == release:
                    run.health, run.reason = health, reason
                    run.lines.append(reason or str(health))
                    self._settle(run)
                    return
        raise NotFound(f"{environment}:{service}@v{release} does not run")

    def leads_to(self, address: Address) -> tuple[str, str, int] | None:
        """Say who answers at an address: (environment, service, release), or None when it refuses."""
        with self._lock:
            found = [key for key, known in self._addresses.items() if known == address]
            if not found:
                return None
            _, service, _ = found[0]
            serving = {key: s.serving for key, s in self._services.items() if s.serving}
            target = leads_to((found[0][0], service), serving, self._routes)
            run = serving[target, service] if target else None
            ready = run is not None and run.health is Health.READY
            return (str(target), service, run.release.number) if run and ready else None

    def _settle(self, run: _Run) -> None:
        if run.health is Health.READY:
            self._services[run.release.environment, run.release.service].promote(run)
        if self._inline:
            self._tell(run.observed())
        else:
            self._seen.put(run.observed())

    def _tell(self, observation: Observation) -> None:
        for sink in tuple(self._sinks):
            sink(observation)

    def _tell_all(self) -> None:
        while (observation := self._seen.get()) is not None:
            self._tell(observation)


class _Lines(Iterator[LogLine]):
    """Lines that were there when they were asked for."""

    def __init__(self, lines: Iterable[LogLine]) -> None:
        self._lines = deque(lines)

    def __next__(self) -> LogLine:
        try:
            return self._lines.popleft()
        except IndexError:
            raise StopIteration from None

    def close(self) -> None:
        self._lines.clear()


def _behaviour(release: Release) -> tuple[Health, str]:
    words = [word for container in release.workload.containers for word in container.command[:1]]
    return _FIRST_WORDS.get(words[0] if words else "", (Health.READY, ""))
