"""The Secrets of services, which this daemon may write and delete but never read.

In: what was made, and what is live of everything else. Out: whether a Secret is there, and which nobody wants any more.
One that a Deployment reads was made before it; one whose absence keeps a pod from starting is not there.
"""

from collections.abc import Collection
from dataclasses import dataclass, field

from orchestrator.runtimes.kubernetes import labels
from orchestrator.runtimes.kubernetes.inventory import Inventory
from orchestrator.runtimes.kubernetes.kinds import DEPLOYMENT, NAMESPACE, SECRET, Key, Object, key_of
from orchestrator.runtimes.kubernetes.live import Live
from orchestrator.runtimes.kubernetes.options import KubernetesOptions
from orchestrator.runtimes.kubernetes.secret import is_missed, refers_to


@dataclass(frozen=True, slots=True)
class Unseen:
    """`made` tells in which life of its namespace this process made a Secret."""

    live: Live
    inventory: Inventory
    options: KubernetesOptions
    made: dict[Key, str] = field(default_factory=dict)

    def is_there(self, secret: Object) -> bool:
        """Tell whether a Secret is there as it was made; it cannot have been changed since."""
        (_, namespace, name) = key = key_of(secret)
        service = labels.label(secret, labels.SERVICE)
        pods = self.live.pods(labels.label(secret, labels.ENVIRONMENT), service, None)
        if any(is_missed(pod, name) for pod in pods):
            return False
        if self.made.get(key) == self._life(namespace):
            return True
        deployment = self.live.get((DEPLOYMENT.name, namespace, service))
        return deployment is not None and refers_to(deployment, name)

    def note(self, secret: Object) -> None:
        """Remember that a Secret was made just now."""
        self.made[key_of(secret)] = self._life(secret["metadata"]["namespace"])

    def forget(self, key: Key) -> None:
        """Remember a Secret no longer: it was deleted."""
        self.made.pop(key, None)

    def surplus(self, environment: str, service: str, keep: Collection[Key]) -> list[Object]:
        """Give the Secrets that were made for a service and nobody wants; they have a name and nothing else."""
        namespace = self.options.namespace_of(environment)
        names = self.inventory.secrets(environment, service)
        return [_named(namespace, name) for name in names if (SECRET.name, namespace, name) not in keep]

    def _life(self, namespace: str) -> str:
        found = self.live.get((NAMESPACE.name, "", namespace))
        return str(found["metadata"]["uid"]) if found else ""


def _named(namespace: str, name: str) -> Object:
    metadata = {"namespace": namespace, "name": name}
    return {"apiVersion": SECRET.api_version, "kind": SECRET.name, "metadata": metadata}
