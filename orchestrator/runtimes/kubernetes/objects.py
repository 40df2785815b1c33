"""From a release to the objects that make it run, and from a service's state to its stable name.

Pure: values in, JSON out. A Deployment has the release's number in its pod template, so that every release is a
roll-out of its own; its selector is that of the service and never changes. The Service of a name is either the branch's
own or an alias of another environment's; one becomes the other in place.
"""

from collections.abc import Mapping

from orchestrator.domain.release import Release
from orchestrator.domain.text import printable
from orchestrator.runtimes.kubernetes import labels
from orchestrator.runtimes.kubernetes.files import mount
from orchestrator.runtimes.kubernetes.kinds import DEPLOYMENT, INGRESS, SERVICE, Kind, Object
from orchestrator.runtimes.kubernetes.options import KubernetesOptions
from orchestrator.runtimes.kubernetes.pod import pod_template, port_names
from orchestrator.runtimes.kubernetes.secret import conceal


def release_objects(release: Release, taken: Mapping[str, bytes], options: KubernetesOptions) -> tuple[Object, ...]:
    """Render a release: its Secrets and ConfigMaps, its Deployment and, where hosts have a domain, its Ingress.

    `taken` are the contents of files that come from the commit, by path. Raises Permanent for files that are too large.
    """
    mounted = [mount(release, index, taken, options) for index in range(len(release.resolved))]
    concealed = [conceal(release, index, options) for index in range(len(release.resolved))]
    deployment = _object(DEPLOYMENT, release.environment, release.service, options)
    metadata = deployment["metadata"]
    metadata["labels"] |= {labels.RELEASE: str(release.number), "app.kubernetes.io/version": f"v{release.number}"}
    metadata["annotations"] = {
        labels.BRANCH: printable(release.branch),
        labels.COMMIT: release.commit,
        "anabranch.dev/repository": release.repository,
    }
    deployment["spec"] = {
        "progressDeadlineSeconds": int(options.ready_deadline),
        "revisionHistoryLimit": 2,
        "selector": {"matchLabels": labels.selector(release.environment, release.service)},
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
        "template": pod_template(release, mounted, concealed, options),
    }
    secrets = [found.secret for found in concealed if found.secret]
    configs = [files.config for files in mounted if files.config]
    ingress = [_ingress(release, options)] if options.domain and release.workload.ports else []
    return (*secrets, *configs, deployment, *ingress)


def own_service(release: Release, target: str | None, options: KubernetesOptions) -> Object | None:
    """Lead the stable name to the pods of the service; without a port there is nothing to lead to.

    `target` is where it led before, and will again: noted, so that a daemon that starts knows it.
    """
    ports, names = release.workload.ports, port_names(release.workload.ports)
    if not ports:
        return None
    service = _leading_to(target, _object(SERVICE, release.environment, release.service, options))
    service["spec"] = {
        "type": "ClusterIP",
        "selector": labels.selector(release.environment, release.service),
        "ports": [{"name": p.name, "port": p.port, "targetPort": names[p.name], "protocol": p.protocol} for p in ports],
    }
    return service


def alias_service(environment: str, service: str, target: str, options: KubernetesOptions) -> Object:
    """Lead the stable name to the service of the same name in another environment."""
    alias = _leading_to(target, _object(SERVICE, environment, service, options))
    host = f"{service}.{options.namespace_of(target)}.svc.{options.cluster_domain}"
    alias["spec"] = {"type": "ExternalName", "externalName": host}
    return alias


def _ingress(release: Release, options: KubernetesOptions) -> Object:
    """Publish the first port at the host of the service."""
    ingress = _object(INGRESS, release.environment, release.service, options)
    port = release.workload.ports[0]
    backend = {"service": {"name": release.service, "port": {"number": port.port}}}
    ingress["spec"] = {
        "rules": [
            {
                "host": options.host(release.environment, release.service),
                "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]},
            }
        ],
        **({"ingressClassName": options.ingress_class} if options.ingress_class else {}),
    }
    return ingress


def _leading_to(target: str | None, service: Object) -> Object:
    if target is not None:
        service["metadata"]["annotations"] = {labels.LEADS_TO: target}
    return service


def _object(kind: Kind, environment: str, service: str, options: KubernetesOptions) -> Object:
    return {
        "apiVersion": kind.api_version,
        "kind": kind.name,
        "metadata": {
            "name": service,
            "namespace": options.namespace_of(environment),
            "labels": labels.identity(options.namespace, environment, service),
        },
    }
