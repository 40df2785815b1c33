"""What confines an environment before its first pod."""

from orchestrator.runtimes.kubernetes.furniture import furniture, namespace_object
from orchestrator.runtimes.kubernetes.kinds import Object
from tests.kubernetes.releases import options

MADE = options(
    quota={"pods": "5"}, limits={"cpu": "1"}, reaches=("10.20.0.0/16",), reached_from=("ingress",), prefix="dev-"
)


def named(kind: str, name: str) -> Object:
    return next(t for t in furniture("bugfix", MADE) if (t["kind"], t["metadata"]["name"]) == (kind, name))


def test_a_namespace_says_whose_it_is_how_it_is_secured_and_from_whom_it_borrows() -> None:
    made = namespace_object("fix-abc", "feature/fix", {"main"}, options())
    assert made == {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {
            "name": "fix-abc",
            "labels": {
                "anabranch.dev/owner": "anabranch",
                "anabranch.dev/environment": "fix-abc",
                "app.kubernetes.io/managed-by": "anabranch",
                "pod-security.kubernetes.io/enforce": "restricted",
                "pod-security.kubernetes.io/warn": "restricted",
                "pod-security.kubernetes.io/audit": "restricted",
                "borrows.anabranch.dev/main": "true",
            },
            "annotations": {"anabranch.dev/branch": "feature/fix"},
        },
    }


def test_nothing_comes_in_but_from_the_environment_its_borrowers_and_the_named_doors() -> None:
    assert named("NetworkPolicy", "default-deny")["spec"] == {
        "podSelector": {},
        "policyTypes": ["Ingress", "Egress"],
    }
    borrowers = {"matchExpressions": [{"key": "borrows.anabranch.dev/bugfix", "operator": "Exists"}]}
    assert named("NetworkPolicy", "reached-from")["spec"] == {
        "podSelector": {},
        "policyTypes": ["Ingress"],
        "ingress": [
            {
                "from": [
                    {"podSelector": {}},
                    {"namespaceSelector": borrowers},
                    {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "ingress"}}},
                ]
            }
        ],
    }


def test_nothing_goes_out_but_to_names_environments_and_the_networks_of_the_settings() -> None:
    assert named("NetworkPolicy", "reaches")["spec"]["egress"] == [
        {"ports": [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}]},
        {
            "to": [
                {"podSelector": {}},
                {"namespaceSelector": {"matchLabels": {"anabranch.dev/owner": "anabranch"}}},
                {"ipBlock": {"cidr": "10.20.0.0/16"}},
            ]
        },
    ]


def test_quota_limits_and_the_deployers_account_are_there() -> None:
    assert named("ResourceQuota", "anabranch")["spec"] == {"hard": {"pods": "5"}}
    assert named("LimitRange", "anabranch")["spec"] == {"limits": [{"type": "Container", "default": {"cpu": "1"}}]}
    binding = named("RoleBinding", "anabranch-deployer")
    assert binding["roleRef"]["name"] == "anabranch-deployer"
    assert binding["subjects"] == [{"kind": "ServiceAccount", "name": "anabranch-deployer", "namespace": "dev-bugfix"}]


def test_what_is_not_asked_for_is_not_made() -> None:
    kinds = [thing["kind"] for thing in furniture("bugfix", options(deployer=""))]
    assert kinds == ["NetworkPolicy"] * 3
