"""The Runtime port on Kubernetes: an environment is a namespace, a service a Deployment and a Service in it.

In: the actors' orders, from any thread, each carried out before it returns. Out: observations, from one thread of this
runtime. What changes in the cluster is looked at again by a few threads: a release that became Ready takes the name
over, what was changed or deleted by others is put right.
"""

import logging
import threading
from dataclasses import replace
from queue import SimpleQueue

from orchestrator.domain.entry import Entry
from orchestrator.domain.release import Release
from orchestrator.domain.status import Address, Observation
from orchestrator.domain.workload import Workload
from orchestrator.errors import AnabranchError, NotFound, Permanent
from orchestrator.runtimes import LogLines, Running, Sink, Source
from orchestrator.runtimes.entered import entered
from orchestrator.runtimes.kubernetes import fence, labels, refusal, ways_in
from orchestrator.runtimes.kubernetes.api import Api
from orchestrator.runtimes.kubernetes.connection import Connection
from orchestrator.runtimes.kubernetes.identity import identity, key
from orchestrator.runtimes.kubernetes.keeping import Keeping
from orchestrator.runtimes.kubernetes.lease import Lease
from orchestrator.runtimes.kubernetes.logs import PodLines
from orchestrator.runtimes.kubernetes.objects import release_objects
from orchestrator.runtimes.kubernetes.options import KubernetesOptions
from orchestrator.runtimes.kubernetes.taken import take
from orchestrator.runtimes.kubernetes.wish import Rendered

_LOG = logging.getLogger(__name__)
_CLOSE_AFTER = 5.0


class KubernetesRuntime:
    """Services in a cluster. Raises Permanent when there is none, or when another daemon is at work in it."""

    def __init__(self, options: KubernetesOptions, source: Source) -> None:
        options = replace(options, key=key(options.state))
        self._options, self._source = options, source
        self._sinks: list[Sink] = []
        self._said: SimpleQueue[Observation | None] = SimpleQueue()
        self._api = Api(Connection(options))
        self._lease = Lease(self._api, options.namespace, identity(options.state), options.lease)
        try:
            self._lease.acquire()
            fence.warn_without(self._api, options)
            self._api.permit = self._lease.permit
            self._keeping = Keeping(self._api, options, self._said.put)
            self._lease.regained = self._keeping.again
        except AnabranchError:
            self._lease.release()
            self._api.close()
            raise
        self._teller = threading.Thread(target=self._tell, name="kubernetes", daemon=True)
        self._teller.start()

    def refuse(self, workload: Workload) -> str:
        """Say in one line what of this workload cannot run in a cluster, or return the empty text."""
        return refusal.refuse(workload)

    def ensure_environment(self, environment: str, branch: str) -> None:
        """Make the environment's namespace and what confines it."""
        self._keeping.ensure(environment, branch)

    def remove_environment(self, environment: str) -> None:
        """Delete the environment's namespace with all that is in it."""
        self._keeping.remove_environment(environment)

    def environments(self) -> tuple[str, ...]:
        """Name the environments that have a namespace, those that are being deleted included."""
        namespaces = self._keeping.live.namespaces()
        return tuple(sorted(labels.label(namespace, labels.ENVIRONMENT) for namespace in namespaces))

    def apply(self, release: Release) -> None:
        """Have a release run. Raises what the source raises, Permanent, Temporary."""
        if problem := refusal.refuse_release(release, self._options):
            raise Permanent(f"{release.name}: {problem}")
        objects = release_objects(release, take(release, self._source), self._options)
        self._keeping.follow(Rendered(release, tuple(map(labels.sealed, objects))))

    def remove(self, environment: str, service: str) -> None:
        """Lead the service's name to its route's target, then delete the rest of it."""
        self._keeping.end(environment, service)

    def route(self, environment: str, service: str, target: str | None) -> None:
        """Say where the service's name leads without a Ready release of its own."""
        self._keeping.lead(environment, service, target)

    def routed(self, environment: str) -> tuple[str, ...]:
        """Name the services whose names lead, or led before they had a release, to another environment."""
        return tuple(sorted(service for service, target in self._keeping.routes(environment).items() if target))

    def address(self, environment: str, service: str, port: int) -> Address:
        """Name the stable address of a service's port, as every pod of the cluster can reach it."""
        return Address(f"{service}.{self._options.namespace_of(environment)}.svc", port)

    def published(self, environment: str, service: str) -> str:
        """Name the URL of the Ingress that a service has where hosts have a domain."""
        host = self._options.host(environment, service)
        return f"http://{host}" if host else ""

    def running(self) -> tuple[Running, ...]:
        """Tell what runs now of what this daemon applied."""
        return self._keeping.running()

    def watch(self, sink: Sink) -> None:
        """Call `sink` for every change from now on, from this runtime's thread."""
        self._sinks.append(sink)

    def logs(self, environment: str, service: str, release: int | None, *, tail: int, follow: bool) -> LogLines:
        """Yield the lines of a release's newest pod. Raises NotFound."""
        pods = self._keeping.live.pods(environment, service, release)
        if not pods:
            wanted = f"release {release} of " if release else ""
            raise NotFound(f"{wanted}{service} in {environment} has no pod to read from; see what runs there: ps")
        return PodLines(self._api, pods[-1], tail=tail, follow=follow)

    def enter(self, environment: str, service: str, release: int | None) -> Entry:
        """Lead to a pod of a release, which kubectl enters. Raises NotFound."""
        number = entered(self.running(), environment, service, release)
        return ways_in.entry(self._keeping.live, self._options, environment, service, number)

    def public(self, environment: str, service: str, address: Address) -> str:
        """Name the URL of the Ingress that leads to an address. Raises Permanent when there is none."""
        return ways_in.public_url(self._keeping.live, self._options, environment, service, address.port)

    def close(self) -> None:
        """Change nothing from now on, and give the lease back; what runs in the cluster runs on."""
        self._keeping.close(_CLOSE_AFTER)
        self._lease.release()
        self._api.close()
        self._said.put(None)
        self._teller.join(_CLOSE_AFTER)

    def _tell(self) -> None:
        while (observation := self._said.get()) is not None:
            for sink in tuple(self._sinks):
                try:
                    sink(observation)
                except Exception:
                    _LOG.exception("a sink refused an observation of %s", observation.environment)
