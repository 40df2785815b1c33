"""What one deployment makes in a cluster: neither less, nor anything twice.

In: an environment. Out: how many objects of each kind there are, by the service that they belong to.
"""

from collections import Counter
from collections.abc import Mapping

from orchestrator.runtimes.kubernetes import KubernetesOptions, labels
from orchestrator.runtimes.kubernetes.api import Api
from tests.cluster import seeing

FURNITURE: Mapping[tuple[str, str], int] = {
    ("LimitRange", ""): 1,
    ("NetworkPolicy", ""): 3,
    ("ResourceQuota", ""): 1,
    ("RoleBinding", ""): 1,
    ("ServiceAccount", ""): 1,
}
DEPLOYED = FURNITURE | {
    ("ConfigMap", "app"): 1,
    ("Deployment", "app"): 1,
    ("Service", "app"): 1,
    ("Service", "other"): 1,
}


def made(eye: Api, options: KubernetesOptions, environment: str) -> Mapping[tuple[str, str], int]:
    """Count what is there of an environment; all that `one_deployment.deploy` makes is `DEPLOYED`."""
    kinds = sorted({kind for kind, _ in DEPLOYED})
    namespace = options.namespace_of(environment)
    things = ((kind, thing) for kind in kinds for thing in seeing.listed(eye, kind, namespace, labels.OWNER))
    return Counter((kind, labels.label(thing, labels.SERVICE)) for kind, thing in things)
