"""What has to be in the cluster before a daemon starts: whoever installs it makes that, not the daemon.

In: the options. Out: a line for each thing that is not there, with the way out.
"""

from collections.abc import Mapping
from contextlib import closing

from orchestrator.errors import NotFound
from orchestrator.runtimes.kubernetes.api import Api
from orchestrator.runtimes.kubernetes.connection import Connection
from orchestrator.runtimes.kubernetes.failure import Forbidden
from orchestrator.runtimes.kubernetes.kinds import NAMESPACE, Kind
from orchestrator.runtimes.kubernetes.options import KubernetesOptions

_ROLE = Kind("ClusterRole", "rbac.authorization.k8s.io/v1", "clusterroles", 0, namespaced=False)


def namespace_lack(api: Api, namespace: str) -> str:
    """Say that the daemon's own namespace is not there; empty when it is. Raises what the cluster answers else."""
    way_out = f"make it: kubectl create namespace {namespace}"
    return _lack(api, NAMESPACE, namespace, f"the daemon's namespace {namespace} is not in the cluster; {way_out}")


def lacks(options: KubernetesOptions) -> Mapping[tuple[str, str], str]:
    """Say of each (kind, name) that is not there how to make it; what may not be looked at is taken to be there."""
    role = options.deployer
    with closing(Api(Connection(options))) as api:
        found = {("namespace", options.namespace): namespace_lack(api, options.namespace)}
        if role:
            way_out = "make it: kubectl apply -f config/kubernetes/rights.yaml"
            found["clusterrole", role] = _lack(api, _ROLE, role, f"it is not in the cluster; {way_out}")
    return {name: line for name, line in found.items() if line}


def _lack(api: Api, kind: Kind, name: str, line: str) -> str:
    try:
        api.get(kind.path(name=name))
    except NotFound:
        return line
    except Forbidden:
        return ""
    return ""
