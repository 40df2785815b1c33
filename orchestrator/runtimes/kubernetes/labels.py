"""What is written on every object: whose it is, and what was last asked of it.

`owner` is the daemon's namespace, so that two installations in one cluster leave each other's objects alone.
"""

import hashlib
import json
from collections.abc import Mapping

from orchestrator.runtimes.kubernetes.kinds import Object

OWNER = "anabranch.dev/owner"
ENVIRONMENT = "anabranch.dev/environment"
SERVICE = "anabranch.dev/service"
RELEASE = "anabranch.dev/release"
INVENTORY = "anabranch.dev/inventory"
BRANCH = "anabranch.dev/branch"
COMMIT = "anabranch.dev/commit"
LEADS_TO = "anabranch.dev/leads-to"
COPIED = "anabranch.dev/copied"
ASKED = "anabranch.dev/asked"
"""Annotation: a digest of the object as it was last applied."""

EPOCH = "anabranch.dev/epoch"
"""Annotation: the epoch of the daemon that wrote last; an admission policy refuses any other than the lease's."""


def identity(owner: str, environment: str, service: str = "") -> dict[str, str]:
    """Give the labels that say whose an object is."""
    labels = {OWNER: owner, ENVIRONMENT: environment, "app.kubernetes.io/managed-by": "anabranch"}
    if service:
        labels |= {SERVICE: service, "app.kubernetes.io/name": service, "app.kubernetes.io/part-of": environment}
    return labels


def selector(environment: str, service: str) -> dict[str, str]:
    """Give the labels by which the pods of a service are found; they never change."""
    return {ENVIRONMENT: environment, SERVICE: service}


def sealed(thing: Object) -> Object:
    """Write on an object what is asked of it, so that a look at the live one tells whether it was."""
    text = json.dumps(thing, sort_keys=True, separators=(",", ":"))
    metadata = thing["metadata"]
    annotations = {**metadata.get("annotations", {}), ASKED: hashlib.sha256(text.encode()).hexdigest()[:32]}
    return {**thing, "metadata": {**metadata, "annotations": annotations}}


def stamped(thing: Object, epoch: int) -> Object:
    """Write on an object in which epoch it is written."""
    metadata = thing["metadata"]
    return {**thing, "metadata": {**metadata, "annotations": {**metadata.get("annotations", {}), EPOCH: str(epoch)}}}


def label(thing: Object, name: str) -> str:
    """Read a label, empty when it is not there."""
    return _text(thing.get("metadata", {}).get("labels"), name)


def annotation(thing: Object, name: str) -> str:
    """Read an annotation, empty when it is not there."""
    return _text(thing.get("metadata", {}).get("annotations"), name)


def _text(held: Mapping[str, object] | None, name: str) -> str:
    return str((held or {}).get(name, ""))
