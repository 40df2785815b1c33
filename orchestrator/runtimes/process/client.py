"""The Runtime port on local processes: the daemon's side, which plans, lays out directories and gives orders.

In: the actors' orders, from any thread. Out: orders to the runner; its observations to the sinks, from one thread of
this runtime. A runner that is lost is started again and told everything anew.
"""

import logging
import os
import threading
from collections import defaultdict
from dataclasses import replace
from functools import partial
from pathlib import Path
from queue import SimpleQueue

from orchestrator.domain.entry import Entry, Tree
from orchestrator.domain.release import Release
from orchestrator.domain.status import Address, Health, Observation
from orchestrator.domain.workload import Workload
from orchestrator.errors import AnabranchError, NotFound, Permanent, Temporary
from orchestrator.runtimes import LogLines, Running, Sink, Source
from orchestrator.runtimes.entered import entered
from orchestrator.runtimes.process import refusal, tree
from orchestrator.runtimes.process.addresses import HOST
from orchestrator.runtimes.process.directories import Directories
from orchestrator.runtimes.process.launch import launch
from orchestrator.runtimes.process.link import Link
from orchestrator.runtimes.process.logs import LogReader
from orchestrator.runtimes.process.options import ProcessOptions
from orchestrator.runtimes.process.wanted import Wanted
from orchestrator.runtimes.process.wire import (
    AddressOf,
    Answer,
    Apply,
    AskPorts,
    AskRunning,
    Ended,
    Observed,
    Order,
    Remove,
    RemoveEnvironment,
    Route,
)
from orchestrator.runtimes.succession import Key

_LOG = logging.getLogger(__name__)
_RESTART_AFTER = 0.2
_CLOSE_AFTER = 5.0


class ProcessRuntime:
    """Local processes, owned by a runner process. Raises Permanent when started as root without `allow_root`."""

    def __init__(self, options: ProcessOptions, source: Source) -> None:
        options.check_user()
        self._options = replace(options, state=options.state.absolute())
        self._source = source
        self._directories = Directories(self._options.environments)
        self._wanted = Wanted()
        self._alive: defaultdict[Key, set[int]] = defaultdict(set)
        self._laying: defaultdict[Key, threading.Lock] = defaultdict(threading.Lock)
        self._unfinished: set[tuple[str, str, int]] = set()
        self._leaving: set[str] = set()
        self._sinks: list[Sink] = []
        self._orders = threading.Lock()
        self._closed = threading.Event()
        self._said: SimpleQueue[tuple[int, Observed | Ended | None]] = SimpleQueue()
        self._generation = 0
        self._link: Link | None = self._open()
        self._teller = threading.Thread(target=self._tell, name="anabranch-processes", daemon=True)
        self._teller.start()

    def refuse(self, workload: Workload) -> str:
        """Say in one line what of this workload cannot run as a local process, or return the empty text."""
        return refusal.refuse(workload)

    def ensure_environment(self, environment: str, branch: str) -> None:  # noqa: ARG002 - the port's signature
        """Make the environment's directory."""
        with self._orders:
            self._enter(environment)

    def remove_environment(self, environment: str) -> None:
        """End everything in the environment and forget its addresses; directories follow their processes."""
        with self._orders:
            self._wanted.forget(environment)
            self._leaving.add(environment)
            self._call(RemoveEnvironment(environment))
            for service in self._directories.services(environment):
                self._tidy((environment, service))
            self._directories.tidy_environment(environment)

    def environments(self) -> tuple[str, ...]:
        """Name the environments that have a directory."""
        return self._directories.environments()

    def apply(self, release: Release) -> None:
        """Lay the release out and have it run. Raises what the source raises, Permanent, Temporary."""
        names = (name for resolved in release.resolved for name, _ in resolved.variables)
        problem = self.refuse(release.workload) or refusal.variable_problem(release.workload, names)
        if problem:
            raise Permanent(f"{release.name}: {problem}")
        key = (release.environment, release.service)
        directory = self._directories.release(*key, release.number)
        with self._laying[key]:
            self._lay(release, directory)
            plan = launch(release, directory, os.environ)
            with self._orders:
                self._wanted.follow(plan)
                self._unfinished.discard((*key, release.number))
                self._alive[key].add(release.number)
                self._call(Apply(plan))

    def remove(self, environment: str, service: str) -> None:
        """Move the service's addresses to its route's target, then drain and end all releases."""
        with self._orders:
            self._wanted.wishes.pop((environment, service), None)
            self._call(Remove(environment, service))
            self._tidy((environment, service))

    def route(self, environment: str, service: str, target: str | None) -> None:
        """Say where the service's addresses lead without a Ready release of its own."""
        with self._orders:
            self._enter(environment)
            self._wanted.routes[environment, service] = target
            self._call(Route(environment, service, target))

    def routed(self, environment: str) -> tuple[str, ...]:
        """Name the services that have a route; those of an earlier daemon ended with it."""
        with self._orders:
            return self._wanted.routed(environment)

    def address(self, environment: str, service: str, port: int) -> Address:
        """Name the stable address of a service's port, on file from then on."""
        with self._orders:
            self._enter(environment)
            return Address(HOST, self._call(AddressOf(environment, service, port)).port)

    def published(self, environment: str, service: str) -> str:  # noqa: ARG002 - the port's signature
        """Name none: a browser on this machine reaches what peers reach."""
        return ""

    def running(self) -> tuple[Running, ...]:
        """Tell what runs now; releases that are being drained are left out."""
        with self._orders:
            return self._call(AskRunning()).running

    def watch(self, sink: Sink) -> None:
        """Call `sink` for every change from now on, from this runtime's thread."""
        self._sinks.append(sink)

    def logs(self, environment: str, service: str, release: int | None, *, tail: int, follow: bool) -> LogLines:
        """Yield a release's lines. Raises NotFound."""
        known = self._directories.releases(environment, service)
        number = known[-1] if release is None and known else release
        if number is None or number not in known:
            wanted = f"release {release} of " if release else ""
            raise NotFound(
                f"{wanted}{service} in {environment} has no logs here (anabranch ps {environment}:{service})"
            )
        name = (environment, service, number)
        return LogReader(self._directories.release(*name), name, self._closed, tail=tail, follow=follow)

    def enter(self, environment: str, service: str, release: int | None) -> Entry:
        """Lead into a release's directory, with its variables; what is started there ends with the release."""
        with self._orders:
            number = entered(self._call(AskRunning()).running, environment, service, release)
            launch = self._wanted.launch((environment, service), number)
            ports = dict(self._call(AskPorts(environment, service, number)).ports)
        if launch is None or len(ports) < len({port.port for port in launch.ports}):
            raise Temporary(f"{environment}:{service}@v{number} is being started or ended; try again")
        variables = tuple(sorted(launch.environ(ports).items()))
        return Entry(environment, service, number, tree=Tree(os.geteuid(), str(launch.tree), variables))

    def public(self, environment: str, service: str, address: Address) -> str:  # noqa: ARG002 - the port's signature
        """Name the URL of an address: a browser on this machine reaches what peers reach."""
        return f"http://{address.host}:{address.port}"

    def close(self) -> None:
        """End the runner and everything that it started; the directories and addresses stay for the next start."""
        self._closed.set()
        with self._orders:
            link, self._link = self._link, None
        if link:
            link.close(self._options.kill_after + _CLOSE_AFTER)
        self._said.put((self._generation, None))
        self._teller.join(_CLOSE_AFTER)

    def _enter(self, environment: str) -> None:
        self._leaving.discard(environment)
        self._directories.environment(environment)

    def _lay(self, release: Release, directory: Path) -> None:
        key = (release.environment, release.service)
        with self._orders:
            self._enter(release.environment)
            self._unfinished.add((*key, release.number))
        try:
            tree.lay(release, self._source, directory)
        except (OSError, AnabranchError) as error:
            with self._orders:
                self._unfinished.discard((*key, release.number))
                self._tidy(key)
            if isinstance(error, OSError):
                raise Temporary(f"{release.name}: its files cannot be laid out: {error.strerror}") from error
            raise

    def _call(self, order: Order) -> Answer:
        if self._link is None:
            raise Temporary("local processes are not available at the moment; try again")
        return self._link.call(order)

    def _tell(self) -> None:
        while True:
            generation, said = self._said.get()
            if self._closed.is_set() and said is None:
                return
            if generation != self._generation:
                continue
            if said is None:
                self._start_again()
            elif isinstance(said, Observed):
                self._observed(said.observation)
            else:
                with self._orders:
                    self._ended(said)

    def _observed(self, observation: Observation) -> None:
        if observation.health is Health.READY:
            with self._orders:
                self._wanted.settle((observation.environment, observation.service), observation.release)
        for sink in tuple(self._sinks):
            try:
                sink(observation)
            except Exception:
                _LOG.exception("a sink refused the observation of %s:%s", observation.environment, observation.service)

    def _ended(self, ended: Ended) -> None:
        key = (ended.environment, ended.service)
        if ended.release not in self._wanted.numbers(key):
            self._alive[key].discard(ended.release)
        self._tidy(key)

    def _tidy(self, key: Key) -> None:
        unfinished = {number for *service, number in self._unfinished if tuple(service) == key}
        self._directories.tidy(*key, keep=unfinished | self._alive[key] | self._wanted.numbers(key))
        if key[0] in self._leaving:
            self._directories.tidy_environment(key[0])

    def _open(self) -> Link:
        self._generation += 1
        return Link(self._options, partial(self._hear, self._generation))

    def _hear(self, generation: int, said: Observed | Ended | None) -> None:
        self._said.put((generation, said))

    def _start_again(self) -> None:
        while not self._closed.wait(_RESTART_AFTER):
            with self._orders:
                if self._closed.is_set() or self._told_anew():
                    return

    def _told_anew(self) -> bool:
        """Start a runner and give it every order that still holds; False when it is lost again meanwhile."""
        lost, self._link = self._link, None
        if lost:
            lost.kill()
        try:
            link = self._open()
        except AnabranchError:
            return False
        try:
            for order in self._wanted.orders():
                link.call(order)
        except AnabranchError:
            link.kill()
            return False
        self._alive = defaultdict(set, {key: set(self._wanted.numbers(key)) for key in self._wanted.wishes})
        self._link = link
        return True
