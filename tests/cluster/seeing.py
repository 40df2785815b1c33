"""What a cluster shows to somebody who asks it directly, past the runtime: who answers at a name, what is there.

Pods only pretend to run, so who answers is read from Services and from the pods that they select.
"""

from typing import Any
from urllib.parse import quote

from orchestrator.domain.status import Address
from orchestrator.errors import NotFound
from orchestrator.runtimes.kubernetes import labels
from orchestrator.runtimes.kubernetes.api import Api
from orchestrator.runtimes.kubernetes.health import is_ready
from orchestrator.runtimes.kubernetes.kinds import KINDS

_MOST_ALIASES = 8


def answer(api: Api, address: Address) -> str:
    """Name `environment/vNumber` of the one who answers at an address, empty when nobody does."""
    host = address.host
    for _ in range(_MOST_ALIASES):
        name, namespace, *_ = host.split(".")
        service = get(api, "Service", namespace, name)
        if service is None:
            return ""
        if service["spec"]["type"] != "ExternalName":
            return _selected(api, service, address.port)
        host = service["spec"]["externalName"]
    return ""


def get(api: Api, kind: str, namespace: str, name: str) -> dict[str, Any] | None:
    """Read an object; None when it is not there."""
    try:
        return api.get(KINDS[kind].path(namespace, name))
    except NotFound:
        return None


def listed(api: Api, kind: str, namespace: str, selector: str = "") -> list[dict[str, Any]]:
    """Read all objects of a kind in a namespace."""
    found: list[dict[str, Any]] = api.get(f"{KINDS[kind].path(namespace)}?labelSelector={quote(selector)}")["items"]
    return found


def _selected(api: Api, service: dict[str, Any], port: int) -> str:
    if all(offered["port"] != port for offered in service["spec"]["ports"]):
        return ""
    selector = ",".join(f"{name}={value}" for name, value in service["spec"]["selector"].items())
    pods = [pod for pod in listed(api, "Pod", service["metadata"]["namespace"], selector) if is_ready(pod)]
    found = {f"{labels.label(p, labels.ENVIRONMENT)}/v{labels.label(p, labels.RELEASE)}" for p in pods}
    return " and ".join(sorted(found))
