"""`kubectl apply -k config/kubernetes` on a real apiserver: what it installs, and what it may do there."""

import json
import re
import secrets
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestrator.runtimes.kubernetes import labels
from orchestrator.runtimes.kubernetes.from_settings import options_of
from orchestrator.runtimes.kubernetes.kinds import KINDS
from orchestrator.runtimes.kubernetes.options import KubernetesOptions
from orchestrator.runtimes.kubernetes.rights import missing
from orchestrator.settings import load
from tests.cluster import offered
from tests.cluster.control_plane import ControlPlane
from tests.cluster.kubectl import Kubectl
from tests.cluster.rooms import opened
from tests.eventually import eventually
from tests.kubernetes.releases import release
from tests.process.running import Watcher

INSTALLED = Path(__file__).resolve().parents[2] / "config" / "kubernetes"
SNAPSHOT = Path(__file__).with_name("rights.txt")
DAEMON, FORWARDER = (f"system:serviceaccount:anabranch:anabranch-{name}" for name in ("daemon", "forwarder"))
NOBODY = "system:serviceaccount:anabranch:default"
BY_DAEMON = f"--as={DAEMON}"
FORBIDDEN = (
    ("namespace", "nobodys", BY_DAEMON),
    ("-n", "anabranch", "configmap", "inventory", BY_DAEMON),
    ("serviceaccount", "nobodys", BY_DAEMON),
    (
        "service",
        "nodeport",
        "open",
        "--tcp=80",
        "--as=system:serviceaccount:default:anabranch-deployer",
        "--as-group=system:masters",
    ),
)
"""What each admission policy refuses, and RBAC alone would not."""


@pytest.fixture(scope="module")
def kubectl(plane: ControlPlane) -> Kubectl:
    """kubectl for a cluster with Anabranch; the policies hold when it is returned."""
    offered.make_namespace(plane.kubectl, "anabranch")
    plane.kubectl("apply", "--server-side", "--warnings-as-errors", "-k", str(INSTALLED))
    for forbidden in FORBIDDEN:
        eventually(lambda these=forbidden: denied(plane.kubectl, *these), "an admission policy holds", 60)
    return plane.kubectl


def denied(kubectl: Kubectl, *forbidden: str) -> bool:
    """Tell whether it is a policy that refuses to make something; rights that are not known yet would refuse it too."""
    try:
        kubectl("create", "--dry-run=server", *forbidden)
    except subprocess.CalledProcessError as error:
        return "ValidatingAdmissionPolicy" in error.stderr
    return False


@pytest.fixture
def installed(kubectl: Kubectl, tmp_path: Path) -> KubernetesOptions:
    """The runtime of the daemon that is installed: with its account, in its namespace."""
    own = replace(kubectl, kubeconfig=tmp_path / "kubeconfig")
    own.kubeconfig.write_bytes(kubectl.kubeconfig.read_bytes())
    token = kubectl("-n", "anabranch", "create", "token", "anabranch-daemon").strip()
    own("config", "set-credentials", "daemon", f"--token={token}")
    own("config", "set-context", "--current", "--user=daemon")
    settings = load(INSTALLED / "anabranch.yaml", {})
    prefix = f"e{secrets.token_hex(3)}-"
    return replace(options_of(settings), kubeconfig=str(own.kubeconfig), prefix=prefix, state=tmp_path / "state")


def refused(kubectl: Kubectl, *arguments: str, stdin: str | None = None) -> str:
    """Run kubectl and return why it was refused."""
    with pytest.raises(subprocess.CalledProcessError) as caught:
        kubectl(*arguments, stdin=stdin)
    return str(caught.value.stderr)


def rights(kubectl: Kubectl, account: str, namespace: str) -> set[str]:
    """What an account may do in a namespace: a line for each rule with resource, URLs, names, verbs."""
    listed = kubectl("auth", "can-i", "--list", "--no-headers", f"--as={account}", "-n", namespace)
    return {re.sub(r"\s{2,}", " ", line) for line in listed.splitlines()}


def test_both_run_under_restricted_pod_security_and_applying_again_changes_nothing(kubectl: Kubectl) -> None:
    for name in ("daemon", "forwarder"):
        kubectl("wait", "--timeout=60s", "-n", "anabranch", f"deployment/anabranch-{name}", "--for=condition=Available")
    before = versions(kubectl)
    kubectl("apply", "--server-side", "--warnings-as-errors", "-k", str(INSTALLED))
    assert versions(kubectl) == before


def test_what_a_policy_matches_is_written_down_whole_so_that_every_way_of_applying_it_agrees(kubectl: Kubectl) -> None:
    for written in yaml.safe_load_all((INSTALLED / "admission.yaml").read_text()):
        there = json.loads(kubectl("get", written["kind"], written["metadata"]["name"], "-o", "json"))
        for field in ("matchConstraints", "matchResources"):
            assert there["spec"].get(field) == written["spec"].get(field)


def test_where_the_lease_is_gone_nobody_is_locked_out_for_longer_than_it_takes_to_apply_again(kubectl: Kubectl) -> None:
    kubectl("-n", "anabranch", "delete", "lease", "anabranch")
    change = ("-n", "anabranch", "annotate", "--dry-run=server", "deployment/anabranch-daemon", "changed=by-hand")
    eventually(lambda: not kubectl.succeeds(*change), "the apiserver knows that it is gone")
    eventually(lambda: kubectl.succeeds("apply", "--server-side", "-k", str(INSTALLED)), "it is applied")
    kubectl(*change)


def versions(kubectl: Kubectl) -> dict[str, str]:
    """The generations of what was installed."""
    read = kubectl.json("get", "-k", str(INSTALLED))["items"]
    return {f"{one['kind']}/{one['metadata']['name']}": one["metadata"].get("generation", "") for one in read}


def test_nobody_may_do_more_than_the_snapshot_says(kubectl: Kubectl, namespace: str) -> None:
    make_deployer(kubectl, namespace)
    everybody = rights(kubectl, NOBODY, "anabranch")
    asked = [
        ("the daemon in its own namespace", DAEMON, "anabranch"),
        ("the daemon in an environment", DAEMON, namespace),
        ("the forwarder in its own namespace", FORWARDER, "anabranch"),
        ("the deployer in its environment", deployer(namespace), namespace),
        ("the deployer anywhere else", deployer(namespace), "anabranch"),
    ]
    more = [(who, rights(kubectl, account, where) - everybody) for who, account, where in asked]
    lines = [f"{who}: {rule}" for who, rules in more for rule in sorted(rules)]
    assert lines == SNAPSHOT.read_text().splitlines()


def test_the_daemon_lacks_no_right_that_it_uses(installed: KubernetesOptions) -> None:
    assert missing(installed) == ()


def test_the_daemon_runs_releases_with_its_rights_alone_and_removes_those_of_an_earlier_one(
    kubectl: Kubectl, installed: KubernetesOptions
) -> None:
    with opened(installed) as runtime:
        watcher = Watcher(runtime)
        runtime.ensure_environment("main", "main")
        runtime.apply(release("main", 1, variables=(("DB_PASSWORD", "hunter2"),)))
        watcher.ready("main", 1)
    with opened(installed) as runtime:
        runtime.remove("main", "app")
        left = kubectl.json("-n", installed.namespace_of("main"), "get", "deployments,services,secrets")["items"]
        assert left == []
        runtime.remove_environment("main")


def test_the_daemon_touches_only_namespaces_of_its_own(kubectl: Kubectl, namespace: str) -> None:
    owned = {"anabranch.dev/owner": "anabranch", "pod-security.kubernetes.io/enforce": "restricted"}
    strange = {**owned, "anabranch.dev/owner": "somebody"}
    dry = ("create", "--dry-run=server", BY_DAEMON, "-f", "-")
    kubectl(*dry, stdin=written(kubectl, "Namespace", f"{namespace}-new", labels=owned))
    assert "owner label" in refused(
        kubectl, *dry, stdin=written(kubectl, "Namespace", f"{namespace}-new", labels=strange)
    )
    assert "not made by Anabranch" in refused(kubectl, "delete", BY_DAEMON, "--dry-run=server", "namespace", namespace)
    seize = ("apply", "--server-side", "--force-conflicts", BY_DAEMON, "--dry-run=server", "-f", "-")
    seized = written(kubectl, "Namespace", namespace, labels=owned)
    assert "not made by Anabranch" in refused(kubectl, *seize, stdin=seized)


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (
            "RoleBinding",
            {"roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "anabranch-deployer"}},
        ),
        ("ServiceAccount", {}),
        ("ResourceQuota", {}),
    ],
)
def test_the_daemon_furnishes_only_namespaces_of_its_own(
    kubectl: Kubectl, namespace: str, kind: str, fields: dict[str, Any]
) -> None:
    create = ("-n", namespace, "create", BY_DAEMON, "--dry-run=server", "-f", "-")
    made = written(kubectl, kind, "anabranch-deployer", **fields)
    assert "not made by Anabranch" in refused(kubectl, *create, stdin=made)
    kubectl("label", "namespace", namespace, "anabranch.dev/owner=anabranch")
    kubectl(*create, stdin=made)


def test_pod_security_is_there_and_is_never_lowered(kubectl: Kubectl, namespace: str) -> None:
    enforced = "pod-security.kubernetes.io/enforce"
    kubectl("annotate", "namespace", namespace, f"{labels.EPOCH}={epoch(kubectl)}")
    kubectl("label", "namespace", namespace, "anabranch.dev/owner=anabranch", f"{enforced}=restricted")
    change = ("label", "--overwrite", "namespace", namespace, BY_DAEMON, "--dry-run=server")
    kubectl(*change, "changed=yes")
    assert "never lowered" in refused(kubectl, *change, f"{enforced}=baseline")
    assert "enforces pod security" in refused(kubectl, *change, f"{enforced}=privileged")
    assert "enforces pod security" in refused(kubectl, *change, f"{enforced}-")


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ({"type": "NodePort"}, "inside the cluster only"),
        ({"type": "LoadBalancer"}, "inside the cluster only"),
        ({"externalIPs": ["192.0.2.1"]}, "no external address"),
    ],
)
def test_a_branch_gets_no_address_outside(kubectl: Kubectl, namespace: str, spec: dict[str, Any], reason: str) -> None:
    make_deployer(kubectl, namespace)
    dry = ("-n", namespace, "create", f"--as={deployer(namespace)}", "--dry-run=server", "-f", "-")
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "app"}}
    kubectl(*dry, stdin=json.dumps(service | {"spec": {"ports": [{"port": 80}]}}))
    assert reason in refused(kubectl, *dry, stdin=json.dumps(service | {"spec": {"ports": [{"port": 80}], **spec}}))


def make_deployer(kubectl: Kubectl, namespace: str) -> None:
    """Do what the daemon does for an environment: bind the deployer's role to its account there."""
    account = f"--serviceaccount={namespace}:anabranch-deployer"
    kubectl("-n", namespace, "create", "rolebinding", "deployer", "--clusterrole=anabranch-deployer", account)
    asked = ("auth", "can-i", "create", "services", f"--as={deployer(namespace)}", "-n", namespace)
    eventually(lambda: kubectl.succeeds(*asked), "the right is known")


def written(kubectl: Kubectl, kind: str, name: str, **fields: Any) -> str:
    """Write an object as the daemon writes it that holds the lease."""
    about = {"name": name, "labels": fields.pop("labels", {}), "annotations": {labels.EPOCH: epoch(kubectl)}}
    return json.dumps({"apiVersion": KINDS[kind].api_version, "kind": kind, "metadata": about, **fields})


def epoch(kubectl: Kubectl) -> str:
    """Read the epoch of the daemon that holds the lease, or held it last."""
    return str(kubectl.json("-n", "anabranch", "get", "lease", "anabranch")["spec"].get("leaseTransitions", 0))


def deployer(namespace: str) -> str:
    """The account as which a branch's services are written."""
    return f"system:serviceaccount:{namespace}:anabranch-deployer"
