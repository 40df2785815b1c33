"""Full names of refs, from hosts that tell a short name and its kind."""

from orchestrator.domain.payload import Malformed

BRANCHES = "refs/heads/"
TAGS = "refs/tags/"
_NAMESPACES = {"branch": BRANCHES, "tag": TAGS}


def full_name(name: str, kind: str) -> str:
    """Name a branch or tag in full, unless it is already; raises `Malformed` for any other kind."""
    if kind not in _NAMESPACES:
        raise Malformed("the kind of the ref is neither branch nor tag")
    return name if name.startswith("refs/") else _NAMESPACES[kind] + name
