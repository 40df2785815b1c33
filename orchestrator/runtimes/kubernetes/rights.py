"""Which rights this runtime needs, and which of them the cluster does not give.

In: the options. Out: the missing ones, each as `verb resource`, and the version of the cluster.
"""

from contextlib import closing
from dataclasses import dataclass

from orchestrator.runtimes.kubernetes.api import Api
from orchestrator.runtimes.kubernetes.connection import Connection, Request
from orchestrator.runtimes.kubernetes.kinds import (
    ACCOUNT,
    BINDING,
    CONFIG,
    DEPLOYMENT,
    INGRESS,
    LIMITS,
    NAMESPACE,
    POLICY,
    QUOTA,
    SECRET,
    SERVICE,
    WATCHED,
)
from orchestrator.runtimes.kubernetes.lease import LEASE
from orchestrator.runtimes.kubernetes.options import KubernetesOptions

_REVIEW = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
_DEPLOYED = (CONFIG, SECRET, SERVICE, DEPLOYMENT, INGRESS)


@dataclass(frozen=True, slots=True)
class Right:
    """One thing to be allowed: in one namespace or, with none named, in all."""

    verb: str
    resource: str
    group: str = ""
    namespace: str = ""
    name: str = ""

    def __str__(self) -> str:
        named = f"{self.resource}/{self.name}" if self.name else self.resource
        return f"{self.verb} {named}" + (f" in {self.namespace}" if self.namespace else "")


def needed(options: KubernetesOptions) -> tuple[Right, ...]:
    """List every right that is made use of."""
    own, deployer = options.namespace, options.deployer
    read = [_right(kind.plural, kind.api_version, "list", "watch") for kind in WATCHED]
    furniture = (QUOTA, LIMITS, POLICY, ACCOUNT, BINDING)
    furnished = [_right(kind.plural, kind.api_version, "create", "patch", "delete") for kind in furniture]
    if deployer:
        written: list[tuple[Right, ...]] = [
            (Right("impersonate", "serviceaccounts", name=deployer),),
            (Right("bind", "clusterroles", "rbac.authorization.k8s.io", name=deployer),),
        ]
    else:
        written = [_right(kind.plural, kind.api_version, "create", "patch", "delete") for kind in _DEPLOYED]
    copied = sorted({name.partition("/")[0] for name in options.copied})
    return (
        *(right for rights in (*read, *furnished, *written) for right in rights),
        *_right(NAMESPACE.plural, NAMESPACE.api_version, "get", "create", "patch", "delete"),
        *_right(CONFIG.plural, CONFIG.api_version, "create", "patch", "delete", namespace=own),
        *_right(LEASE.plural, LEASE.api_version, "get", "create", "update", namespace=own),
        Right("get", "pods/log"),
        *(right for word in copied for right in _right(f"{word}s", "v1", "create", "patch")),
        *(Right("get", f"{word}s", namespace=own) for word in copied),
    )


def version(options: KubernetesOptions) -> str:
    """Ask a cluster for its version. Raises Temporary when it does not answer, Permanent when none is configured."""
    with closing(Api(Connection(options))) as api:
        return str(api.once(Request("GET", "/version"))["gitVersion"])


def missing(options: KubernetesOptions) -> tuple[Right, ...]:
    """Ask the cluster for each right. Raises Temporary when it does not answer."""
    with closing(Api(Connection(options))) as api:
        return tuple(right for right in needed(options) if not _is_given(api, right))


def _right(plural: str, api_version: str, *verbs: str, namespace: str = "") -> tuple[Right, ...]:
    group = api_version.rpartition("/")[0]
    return tuple(Right(verb, plural, group, namespace) for verb in verbs)


def _is_given(api: Api, right: Right) -> bool:
    resource, _, part = right.resource.partition("/")
    asked = {
        "verb": right.verb,
        "resource": resource,
        "subresource": part,
        "group": right.group,
        "namespace": right.namespace,
        "name": right.name,
    }
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": asked},
    }
    return bool(api.once(Request("POST", _REVIEW, review))["status"]["allowed"])
