"""From a release to the pod that runs it: containers with their variables, ports, probes and files.

In: a release that `refusal` found nothing wrong with, and what holds its files and its secrets. Out: the pod template.
A port is named after its number in the Score file, so that a Service finds it in every release alike.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from math import ceil
from typing import Any

from orchestrator.domain.release import Release, ResolvedContainer
from orchestrator.domain.secrecy import shown
from orchestrator.domain.workload import Container, Port, Probe
from orchestrator.runtimes.kubernetes import labels
from orchestrator.runtimes.kubernetes.files import Mounted
from orchestrator.runtimes.kubernetes.kinds import Object
from orchestrator.runtimes.kubernetes.options import KubernetesOptions
from orchestrator.runtimes.kubernetes.quantities import canonical
from orchestrator.runtimes.kubernetes.secret import Concealed

_CONFINED = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}


def pod_template(
    release: Release, mounted: Sequence[Mounted], concealed: Sequence[Concealed], options: KubernetesOptions
) -> Object:
    """Make the template of a release's pods."""
    by_name = {container.name: container for container in release.workload.containers}
    containers = [
        _container(release, by_name[resolved.name], resolved, files, hidden, options, first=index == 0)
        for index, (resolved, files, hidden) in enumerate(zip(release.resolved, mounted, concealed, strict=True))
    ]
    spec: Object = {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": ceil(options.drain + options.kill_after),
        "securityContext": {
            "seccompProfile": {"type": "RuntimeDefault"},
            **({"runAsNonRoot": True} if options.pod_security == "restricted" else {}),
        },
        "containers": containers,
    }
    if volumes := [files.volume for files in mounted if files.volume]:
        spec["volumes"] = volumes
    if options.pull_secrets:
        spec["imagePullSecrets"] = [{"name": name} for name in options.pull_secrets]
    marks = labels.identity(options.namespace, release.environment, release.service)
    return {
        "metadata": {
            "labels": {**marks, labels.RELEASE: str(release.number)},
            "annotations": {"checksum/config": _checksum(release)},
        },
        "spec": spec,
    }


def port_names(ports: Sequence[Port]) -> dict[str, str]:
    """Name the container's port behind each of the service's, by name; ports with one target share its name."""
    first: dict[tuple[int, str], str] = {}
    for port in ports:
        first.setdefault((port.target_port, port.protocol), f"{port.protocol.lower()}-{port.port}")
    return {port.name: first[port.target_port, port.protocol] for port in ports}


def _checksum(release: Release) -> str:
    """Hash what a release sets; of secrets, which have a name of their own, nothing that could be guessed at."""
    open_ones = [replace(container, variables=_shown(container)) for container in release.resolved]
    resolved = json.dumps([asdict(container) for container in open_ones], sort_keys=True)
    return hashlib.sha256(resolved.encode()).hexdigest()


def _shown(container: ResolvedContainer) -> tuple[tuple[str, str], ...]:
    return tuple((name, shown(name, value)) for name, value in container.variables)


def _container(
    release: Release,
    container: Container,
    resolved: ResolvedContainer,
    files: Mounted,
    concealed: Concealed,
    options: KubernetesOptions,
    *,
    first: bool,
) -> Object:
    ports = release.workload.ports if first else ()
    made: Object = {
        "name": container.name,
        "image": container.image if container.image != "." else options.image(release.repository, release.commit),
        "env": _variables(release, resolved, concealed),
        "securityContext": _CONFINED,
        "lifecycle": {"preStop": {"sleep": {"seconds": ceil(options.drain)}}} if options.drain else None,
        "command": [_literal(word) for word in container.command],
        "args": [_literal(word) for word in container.args],
        "ports": _ports(ports),
        "resources": _resources(container),
        "readinessProbe": _readiness(container.readiness, ports, options),
        "livenessProbe": _probe(container.liveness, options.probe_interval * 5) if container.liveness else None,
        "volumeMounts": list(files.mounts),
    }
    return {name: value for name, value in made.items() if value}


def _variables(release: Release, resolved: ResolvedContainer, concealed: Concealed) -> list[Object]:
    ports = release.workload.ports
    given = {
        "ANABRANCH_ENVIRONMENT": release.environment,
        "ANABRANCH_BRANCH": release.branch,
        "ANABRANCH_SERVICE": release.service,
        "ANABRANCH_COMMIT": release.commit,
        "ANABRANCH_RELEASE": str(release.number),
        **{port_variable(port.name): str(port.target_port) for port in ports},
        **({"PORT": str(ports[0].target_port)} if ports else {}),
    }
    merged = given | dict(resolved.variables)
    values: dict[str, Object] = {name: {"value": _literal(value)} for name, value in merged.items()}
    hidden = {name: {"valueFrom": reference} for name, reference in concealed.references.items()}
    return [{"name": name, **value} for name, value in sorted((values | hidden).items())]


def port_variable(name: str) -> str:
    """Name the variable of a named port: `admin-http` has `PORT_ADMIN_HTTP`."""
    return "PORT_" + "".join(c if c.isascii() and c.isalnum() else "_" for c in name).upper()


def _literal(text: str) -> str:
    """Write a text so that the kubelet, which expands `$(NAME)` and reads `$$` as `$`, gives it back as it is."""
    return text.replace("$", "$$")


def _ports(ports: Sequence[Port]) -> list[Object]:
    names = port_names(ports)
    made = {
        names[port.name]: {"name": names[port.name], "containerPort": port.target_port, "protocol": port.protocol}
        for port in ports
    }
    return list(made.values())


def _resources(container: Container) -> Object:
    both = {"limits": container.limits, "requests": container.requests}
    return {
        which: {name: canonical(name, amount) for name, amount in amounts} for which, amounts in both.items() if amounts
    }


def _readiness(probe: Probe | None, ports: Sequence[Port], options: KubernetesOptions) -> Object | None:
    """Ready means what the probe says; without one, that the first port takes connections."""
    if probe:
        return _probe(probe, options.probe_interval)
    first = next((port.target_port for port in ports if port.protocol == "TCP"), 0)
    return {"tcpSocket": {"port": first}, **_times(options.probe_interval)} if first else None


def _probe(probe: Probe, interval: float) -> Object:
    get = probe.http_get
    if get is None:
        return {"exec": {"command": list(probe.command)}, **_times(interval)}
    asked: Mapping[str, Any] = {
        "path": get.path,
        "port": get.port,
        "scheme": get.scheme,
        "httpHeaders": [{"name": name, "value": value} for name, value in get.headers],
    }
    return {"httpGet": {name: value for name, value in asked.items() if value}, **_times(interval)}


def _times(interval: float) -> Object:
    return {"periodSeconds": ceil(interval), "timeoutSeconds": 2}
