"""The rights that `check` asks for are the ones that are needed: with them all works, without one it is named."""

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from orchestrator.check import CheckRow
from orchestrator.check.cluster import check_cluster
from orchestrator.domain.release import ResolvedFile
from orchestrator.domain.status import Health
from orchestrator.errors import Permanent
from orchestrator.runtimes.kubernetes import KubernetesOptions, rights
from orchestrator.runtimes.kubernetes.api import Api
from orchestrator.runtimes.kubernetes.rights import Right
from orchestrator.settings import Settings
from tests.cluster import seeing
from tests.cluster.kubectl import Kubectl
from tests.cluster.rooms import opened
from tests.eventually import eventually
from tests.kubernetes.releases import CRASH, release
from tests.process.running import Watcher


@pytest.fixture
def account(options: KubernetesOptions, kubectl: Kubectl, tmp_path: Path) -> KubernetesOptions:
    """Options of a daemon with an account that has no right yet."""
    kubectl("-n", options.namespace, "create", "serviceaccount", "daemon")
    token = kubectl("-n", options.namespace, "create", "token", "daemon").strip()
    written = yaml.safe_load(Path(options.kubeconfig).read_text())
    written["users"] = [{"name": written["users"][0]["name"], "user": {"token": token}}]
    file = tmp_path / "daemon.kubeconfig"
    file.write_text(yaml.safe_dump(written))
    return replace(options, kubeconfig=str(file), copied=("secret/pull",))


@pytest.fixture
def granted(account: KubernetesOptions, kubectl: Kubectl) -> Iterator[KubernetesOptions]:
    """The same with exactly the rights that are asked for."""
    name = account.namespace
    rules = defaultdict(list)
    for right in rights.needed(account):
        rules[right.namespace].append(_rule(right))
    binding = {"subjects": [{"kind": "ServiceAccount", "name": "daemon", "namespace": name}]}
    things = []
    for namespace, listed in rules.items():
        kind, metadata = (
            ("Role", {"name": name, "namespace": namespace}) if namespace else ("ClusterRole", {"name": name})
        )
        made = {"apiVersion": "rbac.authorization.k8s.io/v1", "metadata": metadata}
        reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": name}
        things += [
            {**made, "kind": kind, "rules": listed},
            {**made, "kind": f"{kind}Binding", "roleRef": reference, **binding},
        ]
    kubectl(
        "apply", "--server-side", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": things})
    )
    kubectl("-n", name, "create", "secret", "generic", "pull", "--from-literal=token=t")
    yield account
    kubectl("delete", "clusterrole,clusterrolebinding", name)


def _rule(right: Right) -> dict[str, list[str]]:
    named = {"resourceNames": [right.name]} if right.name else {}
    return {"apiGroups": [right.group], "resources": [right.resource], "verbs": [right.verb], **named}


def rows(options: KubernetesOptions) -> tuple[CheckRow, ...]:
    named = ("kubeconfig", "namespace", "copied", "deployer")
    kubernetes = {name: getattr(options, name) for name in named}
    return check_cluster(Settings.model_validate({"runtime": "kubernetes", "kubernetes": kubernetes}))


def test_each_missing_right_is_named(account: KubernetesOptions) -> None:
    found = rows(account)
    assert found[0].where.startswith("v1.")
    named = {row.name for row in found if not row.ok}
    assert {"create namespaces", "watch pods", "impersonate serviceaccounts/anabranch-deployer"} <= named
    assert f"update leases in {account.namespace}" in named
    assert {row.what for row in found[1:]} == {"right"}


def test_with_the_rights_that_are_asked_for_everything_works(granted: KubernetesOptions, eye: Api) -> None:
    eventually(lambda: rows(granted)[0].text == "may do all that it must", "the rights are known")
    with opened(granted) as runtime:
        watcher = Watcher(runtime)
        runtime.ensure_environment("bugfix", "bugfix")
        assert seeing.get(eye, "Secret", granted.namespace_of("bugfix"), "pull")
        runtime.route("bugfix", "app", "main")
        runtime.apply(release("bugfix", 1, files=(ResolvedFile("/a", content="a"),)))
        watcher.ready("bugfix", 1)
        runtime.apply(release("bugfix", 2, CRASH, files=(ResolvedFile("/a", content="b"),)))
        assert watcher.wait("bugfix", 2, Health.DEGRADED).log_tail
        assert tuple(runtime.logs("bugfix", "app", 1, tail=1, follow=False))
        runtime.remove("bugfix", "app")
        runtime.remove_environment("bugfix")
        eventually(lambda: runtime.environments() == (), "the environment is gone", 60)


def test_what_has_to_be_there_before_the_first_start_is_named_with_the_way_to_make_it(
    options: KubernetesOptions,
) -> None:
    failed = [row for row in rows(replace(options, namespace="not-there", deployer="nobody")) if not row.ok]
    assert [(row.what, row.name, row.text.rpartition("make it: ")[2]) for row in failed] == [
        ("namespace", "not-there", "kubectl create namespace not-there"),
        ("clusterrole", "nobody", "kubectl apply -f config/kubernetes/rights.yaml"),
    ]
    with (
        pytest.raises(Permanent, match="make it: kubectl create namespace not-there"),
        opened(options, namespace="not-there"),
    ):
        pytest.fail("it starts")


def test_a_cluster_that_cannot_be_reached_is_one_row_with_the_way_out(
    options: KubernetesOptions, tmp_path: Path
) -> None:
    with pytest.raises(Permanent, match="no cluster to talk to"):
        rights.version(replace(options, kubeconfig=str(tmp_path / "none")))
    (row,) = rows(replace(options, kubeconfig=str(tmp_path / "none")))
    assert not row.ok
    assert "set kubernetes.kubeconfig" in row.text
