"""Runtimes in a cluster that do not see each other: each has a namespace, and a prefix for its environments."""

import json
import secrets
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import yaml

from orchestrator.runtimes.kubernetes import KubernetesOptions, KubernetesRuntime, labels
from orchestrator.runtimes.kubernetes.api import Api
from orchestrator.runtimes.kubernetes.connection import Connection
from orchestrator.runtimes.kubernetes.kinds import NAMESPACE
from tests.cluster import seeing
from tests.cluster.kubectl import Kubectl
from tests.cluster.offered import marked
from tests.process.running import source

_RIGHTS = Path(__file__).resolve().parents[2] / "config" / "kubernetes" / "rights.yaml"
DEPLOYER = next(
    role for role in yaml.safe_load_all(_RIGHTS.read_text()) if role["metadata"]["name"] == "anabranch-deployer"
)


@contextmanager
def room(kubectl: Kubectl, state: Path) -> Iterator[KubernetesOptions]:
    """Give options for a runtime of one's own; nobody waits until what it made is gone.

    Kubernetes looks again at a namespace that is going after half the time that its pods have to end.
    """
    mark = secrets.token_hex(3)
    options = KubernetesOptions(
        state,
        kubeconfig=str(kubectl.kubeconfig),
        namespace=f"daemon-{mark}",
        prefix=f"e{mark}-",
        images={"app": "registry.example/app:{commit}"},
        quota={"pods": "50"},
        requests={"cpu": "50m"},
        drain=0.0,
        kill_after=1.0,
        ready_deadline=60.0,
        lease=12.0,
    )
    with closing(Api(Connection(options))) as api:
        own = api.create(NAMESPACE.path(), marked(options.namespace))
        assert own
        yield options
        for namespace in (*seeing.listed(api, "Namespace", "", f"{labels.OWNER}={options.namespace}"), own):
            api.delete({"kind": "Namespace", **namespace})


def grant(kubectl: Kubectl) -> None:
    """Let the runtimes of all rooms give the rights that the deployer of an environment has."""
    kubectl("apply", "--server-side", "-f", "-", stdin=json.dumps(DEPLOYER))


@contextmanager
def opened(options: KubernetesOptions, **changed: object) -> Iterator[KubernetesRuntime]:
    """Run a runtime with these options."""
    runtime = KubernetesRuntime(replace(options, **changed), source)  # type: ignore[arg-type]
    try:
        yield runtime
    finally:
        runtime.close()
