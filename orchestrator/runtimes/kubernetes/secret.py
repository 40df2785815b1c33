"""The secret variables of a container as a Secret of their own, and how the container gets them.

In: resolved variables. Out: an immutable Secret named after its content, and where each variable is found in it. The
name is keyed with what only this installation knows, so that it cannot be used to try out guesses.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from orchestrator.domain.release import Release
from orchestrator.domain.secrecy import is_secret
from orchestrator.runtimes.kubernetes import labels
from orchestrator.runtimes.kubernetes.kinds import SECRET, Object
from orchestrator.runtimes.kubernetes.options import KubernetesOptions


@dataclass(frozen=True, slots=True)
class Concealed:
    """One container's secrets: None and empty when it has none; `references` say where a variable's value is."""

    secret: Object | None = None
    references: Mapping[str, Object] = field(default_factory=dict)


def conceal(release: Release, index: int, options: KubernetesOptions) -> Concealed:
    """Make what carries the secret variables of a container."""
    container = release.resolved[index]
    secrets = [(name, value) for name, value in container.variables if is_secret(name, value)]
    if not secrets:
        return Concealed()
    data = {f"variable-{at}": base64.b64encode(value.encode()).decode() for at, (_, value) in enumerate(secrets)}
    name = f"{release.service}.{container.name}.{keyed(options, data)}"
    metadata = {
        "name": name,
        "namespace": options.namespace_of(release.environment),
        "labels": labels.identity(options.namespace, release.environment, release.service),
    }
    secret = {"apiVersion": SECRET.api_version, "kind": SECRET.name, "metadata": metadata}
    found = {variable: _reference(name, f"variable-{at}") for at, (variable, _) in enumerate(secrets)}
    return Concealed(secret | {"immutable": True, "data": data}, found)


def keyed(options: KubernetesOptions, content: object) -> str:
    """Name secret content so that nobody without this installation's key can tell what it is."""
    text = json.dumps(content, sort_keys=True)
    return hmac.new(options.key.encode(), text.encode(), hashlib.sha256).hexdigest()[:16]


def refers_to(deployment: Object, name: str) -> bool:
    """Tell whether the pods of a Deployment read a Secret."""
    containers = deployment["spec"]["template"]["spec"]["containers"]
    variables = [variable for container in containers for variable in container.get("env", [])]
    return any(variable.get("valueFrom", {}).get("secretKeyRef", {}).get("name") == name for variable in variables)


def is_missed(pod: Object, name: str) -> bool:
    """Tell whether a pod cannot start because a Secret is not there."""
    waiting = [status.get("state", {}).get("waiting", {}) for status in pod["status"].get("containerStatuses", [])]
    return any(
        found.get("reason") == "CreateContainerConfigError" and f'"{name}"' in found.get("message", "")
        for found in waiting
    )


def _reference(secret: str, key: str) -> Object:
    return {"secretKeyRef": {"name": secret, "key": key}}
