"""From the settings to what this runtime wants to be told."""

from orchestrator.runtimes.kubernetes.options import KubernetesOptions
from orchestrator.settings import Settings


def options_of(settings: Settings) -> KubernetesOptions:
    """How services are run in a cluster."""
    kubernetes = settings.kubernetes
    return KubernetesOptions(
        state=settings.state_directory / "kubernetes",
        kubeconfig=str(kubernetes.kubeconfig or ""),
        context=kubernetes.context,
        namespace=kubernetes.namespace,
        prefix=kubernetes.prefix,
        cluster_domain=kubernetes.cluster_domain,
        deployer=kubernetes.deployer,
        images={repository.name: repository.image for repository in settings.repositories},
        copied=kubernetes.copied,
        pull_secrets=kubernetes.pull_secrets,
        pod_security=kubernetes.pod_security.value,
        quota=kubernetes.quota,
        limits=kubernetes.limits,
        requests=kubernetes.requests,
        reaches=kubernetes.reaches,
        reached_from=kubernetes.reached_from,
        domain=kubernetes.domain,
        ingress_class=kubernetes.ingress_class,
        ready_deadline=kubernetes.ready_deadline,
        drain=kubernetes.drain,
        probe_interval=kubernetes.probe_interval,
        lease=kubernetes.lease,
    )
