"""What an environment has before its first pod: the namespace and all that confines it.

In: the options, and whom the environment borrows from. Out: JSON. Pods reach DNS, their own environment, environments
that lend to it, and the networks that the settings name; nothing reaches them but their own environment, those that
borrow from it, and the namespaces that the settings name.
"""

from collections.abc import Collection, Sequence

from orchestrator.domain.text import printable
from orchestrator.runtimes.kubernetes import labels
from orchestrator.runtimes.kubernetes.kinds import ACCOUNT, BINDING, LIMITS, NAMESPACE, POLICY, QUOTA, Kind, Object
from orchestrator.runtimes.kubernetes.options import KubernetesOptions

_BORROWS = "borrows.anabranch.dev/"
_NAME = "anabranch"


def namespace_object(
    environment: str, branch: str, lenders: Collection[str], options: KubernetesOptions, copied: str = ""
) -> Object:
    """Make the namespace of an environment; a label for each environment that it borrows from opens that one to it."""
    secured = {f"pod-security.kubernetes.io/{mode}": options.pod_security for mode in ("enforce", "warn", "audit")}
    noted = {labels.BRANCH: printable(branch), labels.COPIED: copied}
    annotations = {name: text for name, text in noted.items() if text}
    borrows = {f"{_BORROWS}{lender}": "true" for lender in sorted(lenders)}
    return {
        "apiVersion": "v1",
        "kind": NAMESPACE.name,
        "metadata": {
            "name": options.namespace_of(environment),
            "labels": labels.identity(options.namespace, environment) | secured | borrows,
            **({"annotations": annotations} if annotations else {}),
        },
    }


def furniture(environment: str, options: KubernetesOptions) -> tuple[Object, ...]:
    """Make what the namespace holds besides services: the account that applies them, policies, limits.

    The account's rights come first: until they are known everywhere, the rest is made.
    """
    quota = _object(QUOTA, environment, options, spec={"hard": dict(options.quota)})
    limits = _object(LIMITS, environment, options, spec={"limits": [_defaults(options)]})
    return (
        *(_deployer(environment, options) if options.deployer else ()),
        *_policies(environment, options),
        *((quota,) if options.quota else ()),
        *((limits,) if options.limits or options.requests else ()),
    )


def _object(kind: Kind, environment: str, options: KubernetesOptions, name: str = _NAME, **fields: object) -> Object:
    metadata = {
        "name": name,
        "namespace": options.namespace_of(environment),
        "labels": labels.identity(options.namespace, environment),
    }
    return {"apiVersion": kind.api_version, "kind": kind.name, "metadata": metadata, **fields}


def _defaults(options: KubernetesOptions) -> Object:
    both = {"default": dict(options.limits), "defaultRequest": dict(options.requests)}
    return {"type": "Container", **{name: amounts for name, amounts in both.items() if amounts}}


def _deployer(environment: str, options: KubernetesOptions) -> tuple[Object, Object]:
    account = _object(ACCOUNT, environment, options, options.deployer, automountServiceAccountToken=False)
    subject = {"kind": "ServiceAccount", "name": options.deployer, "namespace": options.namespace_of(environment)}
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": options.deployer}
    return account, _object(BINDING, environment, options, options.deployer, subjects=[subject], roleRef=role)


def _policies(environment: str, options: KubernetesOptions) -> tuple[Object, ...]:
    own: Object = {"podSelector": {}}
    borrowers = {"namespaceSelector": _labelled(f"{_BORROWS}{environment}")}
    ours = {"namespaceSelector": {"matchLabels": {labels.OWNER: options.namespace}}}
    doors = [{"namespaceSelector": _named(name)} for name in options.reached_from]
    networks = [{"ipBlock": {"cidr": cidr}} for cidr in options.reaches]
    dns = {"ports": [{"port": 53, "protocol": protocol} for protocol in ("UDP", "TCP")]}
    return (
        _policy(environment, options, "default-deny", ingress=[], egress=[]),
        _policy(environment, options, "reached-from", ingress=[{"from": [own, borrowers, *doors]}]),
        _policy(environment, options, "reaches", egress=[dns, {"to": [own, ours, *networks]}]),
    )


def _policy(environment: str, options: KubernetesOptions, name: str, **directions: Sequence[Object]) -> Object:
    """Say what is allowed; a direction with nothing allowed is closed, and left out of what is asked."""
    allowed = {direction: list(rules) for direction, rules in directions.items() if rules}
    spec = {"podSelector": {}, "policyTypes": [direction.capitalize() for direction in directions], **allowed}
    return _object(POLICY, environment, options, name, spec=spec)


def _labelled(name: str) -> Object:
    return {"matchExpressions": [{"key": name, "operator": "Exists"}]}


def _named(namespace: str) -> Object:
    return {"matchLabels": {"kubernetes.io/metadata.name": namespace}}
