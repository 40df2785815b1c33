"""What can be set about the Kubernetes runtime."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class KubernetesOptions:
    """Times are seconds. `state` is a directory of this runtime alone; `namespace` is the daemon's own.

    `images` holds the pattern for `image: .` of each repository; `copied` are `secret/NAME` and `configmap/NAME` of the
    daemon's namespace; `quota` is a ResourceQuota's `hard`; `limits` and `requests` are for a container that names
    none; a pod has `kill_after` to end once it is drained; `key` is what only this installation knows. Empty texts:
    `kubeconfig` as kubectl finds it, else the pod's own account; `deployer` writes as the daemon itself; `domain` makes
    no Ingress.
    """

    state: Path
    kubeconfig: str = ""
    context: str = ""
    namespace: str = "anabranch"
    prefix: str = ""
    cluster_domain: str = "cluster.local"
    deployer: str = "anabranch-deployer"
    images: Mapping[str, str] = field(default_factory=dict)
    copied: tuple[str, ...] = ()
    pull_secrets: tuple[str, ...] = ()
    pod_security: str = "restricted"
    quota: Mapping[str, str] = field(default_factory=dict)
    limits: Mapping[str, str] = field(default_factory=dict)
    requests: Mapping[str, str] = field(default_factory=dict)
    reaches: tuple[str, ...] = ()
    reached_from: tuple[str, ...] = ()
    domain: str = ""
    ingress_class: str = ""
    ready_deadline: float = 600.0
    drain: float = 5.0
    kill_after: float = 30.0
    probe_interval: float = 2.0
    lease: float = 15.0
    key: str = field(default="", repr=False)

    def namespace_of(self, environment: str) -> str:
        """Name the namespace of an environment."""
        return self.prefix + environment

    def host(self, environment: str, service: str) -> str:
        """Name the host by which browsers reach a service: no two have the same; empty without a domain."""
        return f"{service}.{environment}.{self.domain}" if self.domain else ""

    def image(self, repository: str, commit: str) -> str:
        """Name the image of a commit, empty when the repository has no pattern for one."""
        return self.images.get(repository, "").replace("{commit}", commit)
