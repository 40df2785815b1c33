"""The cluster that `--cluster` offers: one that holds nothing of anybody else.

In: kubectl for it. Out: nothing, or Used with one line that says whose namespaces are there and how to go on.
"""

import json
import re
from typing import Any

from orchestrator.runtimes.kubernetes import labels
from tests.cluster.kubectl import Kubectl
from tests.cluster.kubelet import NODE

MARK = "anabranch.dev/test"
"""The label of every namespace that tests make by hand; what a runtime of theirs makes carries its owner."""

_OF_THE_CLUSTER = re.compile(r"default|kube-.*|local-path-storage")
_OWNER = re.compile(r"daemon-[0-9a-f]{6}")


class Used(Exception):
    """The cluster holds what no test of ours made."""


def check(kubectl: Kubectl) -> None:
    """Raise Used when there is a namespace that neither the cluster itself nor a test made."""
    others = [n["metadata"]["name"] for n in kubectl.json("get", "namespaces")["items"] if not _is_ours(n["metadata"])]
    if others:
        named = ", ".join(others[:5]) + (", …" if len(others) > 5 else "")
        raise Used(f"--cluster offers a cluster in use: it has {named}; offer an empty one, or add --used-cluster")


def pretends(kubectl: Kubectl) -> bool:
    """Tell whether pods only pretend to run there, as on a control plane of `make cluster`."""
    return kubectl.succeeds("get", "node", NODE)


def marked(name: str) -> dict[str, Any]:
    """Write a namespace that `check` knows again."""
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": {MARK: "true"}}}


def make_namespace(kubectl: Kubectl, name: str) -> None:
    """Make a namespace that `check` knows again."""
    kubectl("create", "-f", "-", stdin=json.dumps(marked(name)))


def _is_ours(namespace: dict[str, dict[str, str]]) -> bool:
    marks = namespace.get("labels", {})
    made = MARK in marks or _OWNER.fullmatch(marks.get(labels.OWNER, ""))
    return bool(made or _OF_THE_CLUSTER.fullmatch(str(namespace["name"])))
