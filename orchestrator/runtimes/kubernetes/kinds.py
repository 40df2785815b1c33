"""The kinds of objects that this runtime makes or looks at: where each is found in the API, and when it is applied.

An allow-list: nothing else is ever read or written, so no discovery is needed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Object = dict[str, Any]
"""An object of the API, as its JSON."""

Key = tuple[str, str, str]
"""(kind, namespace, name)."""


@dataclass(frozen=True, slots=True)
class Kind:
    """`stage` orders what is applied; objects of one stage do not depend on each other."""

    name: str
    api_version: str
    plural: str
    stage: int
    namespaced: bool = True

    def path(self, namespace: str = "", name: str = "") -> str:
        """Give the path of one object, or of all of a namespace, or of all there are."""
        root = "/apis/" if "/" in self.api_version else "/api/"
        within = f"/namespaces/{namespace}" if namespace and self.namespaced else ""
        return f"{root}{self.api_version}{within}/{self.plural}" + (f"/{name}" if name else "")


NAMESPACE = Kind("Namespace", "v1", "namespaces", 0, namespaced=False)
QUOTA = Kind("ResourceQuota", "v1", "resourcequotas", 1)
LIMITS = Kind("LimitRange", "v1", "limitranges", 1)
POLICY = Kind("NetworkPolicy", "networking.k8s.io/v1", "networkpolicies", 1)
ACCOUNT = Kind("ServiceAccount", "v1", "serviceaccounts", 1)
BINDING = Kind("RoleBinding", "rbac.authorization.k8s.io/v1", "rolebindings", 1)
SECRET = Kind("Secret", "v1", "secrets", 1)
CONFIG = Kind("ConfigMap", "v1", "configmaps", 1)
SERVICE = Kind("Service", "v1", "services", 1)
DEPLOYMENT = Kind("Deployment", "apps/v1", "deployments", 2)
INGRESS = Kind("Ingress", "networking.k8s.io/v1", "ingresses", 3)
POD = Kind("Pod", "v1", "pods", 4)

KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        NAMESPACE,
        QUOTA,
        LIMITS,
        POLICY,
        ACCOUNT,
        BINDING,
        SECRET,
        CONFIG,
        SERVICE,
        DEPLOYMENT,
        INGRESS,
        POD,
    )
}
WATCHED = tuple(kind for kind in KINDS.values() if kind is not SECRET)
"""What is watched. Secrets are not: the right to read those of every environment is not asked for."""


def key_of(thing: Object) -> Key:
    """Name an object."""
    metadata = thing["metadata"]
    return (thing["kind"], metadata.get("namespace", ""), metadata["name"])


def path_of(key: Key) -> str:
    """Give the path of an object."""
    kind, namespace, name = key
    return KINDS[kind].path(namespace, name)
