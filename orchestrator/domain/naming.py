"""Names: from a branch to its environment, and from what a person types to what is meant.

In: branch names as git holds them (bytes, decoded with `surrogateescape`) and ids from a command line. Out: DNS labels
that never collide, and `ServiceId`. A branch that is a label of up to 53 characters keeps its name; any other becomes
a slug and 80 bits of the SHA-256 of its bytes. A label that looks like such a result is hashed too, so that no branch
can take another's name.
"""

import re
from base64 import b32encode
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from orchestrator.domain.text import did_you_mean, printable
from orchestrator.errors import NotFound, Permanent

_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")
_HASHED = re.compile(r".*-[a-z2-7]{16}")
_RESERVED = re.compile(r"default|kube-.*")
_VERSION = re.compile(r"v[1-9][0-9]{0,8}|[0-9a-f]{4,64}")
_LONGEST_NAME = 53
_LONGEST_SLUG = 36


@dataclass(frozen=True, slots=True)
class ServiceId:
    """What a person means by `[environment:]service[@version]`.

    `environment` is a branch or an environment's name, as typed; `version` is `v3` or the start of a commit's id.
    """

    environment: str | None
    service: str
    version: str | None


def environment_name(branch: str) -> str:
    """Name the environment of a branch: a DNS label of up to 53 characters.

    Raises Permanent for a name that Kubernetes reserves, and for text that git cannot hold as a branch name.
    """
    name = branch if _keeps_its_name(branch) else f"{_slug(branch)}-{_hash(branch)}"
    if _RESERVED.fullmatch(name):
        raise Permanent(f'branch "{printable(branch, 64)}": default and kube-* are reserved names; rename the branch')
    return name


def find_environment(text: str, environments: Sequence[str]) -> str:
    """Find the environment that `text` means, by its own name or by its branch's; raises NotFound with the nearest."""
    if text in environments:
        return text
    try:
        name = environment_name(text)
    except Permanent:
        name = ""
    if name in environments:
        return name
    raise NotFound(f'no environment "{printable(text, 64)}"{did_you_mean(text, environments)} (anabranch envs)')


def service_name(text: str) -> str:
    """Read a service's name as a command line takes it: `other_app` is `other-app`; raises Permanent if it is none."""
    name = text.replace("_", "-")
    if not is_label(name):
        raise Permanent(f'"{printable(text, 64)}" is no service name: letters a-z, digits and "-", 2 to 63 of them')
    return name


def parse_service_id(text: str) -> ServiceId:
    """Read `[environment:]service[@version]`; raises Permanent when it is not of that form.

    A branch may hold `/` and `@` but never `:`, so the last `:` ends the environment.
    """
    environment, colon, rest = text.rpartition(":")
    service, at, version = rest.partition("@")
    if colon and not environment:
        raise Permanent(f'"{printable(text, 64)}" names no environment before ":"; write environment:service')
    if at and not _VERSION.fullmatch(version):
        raise Permanent(f'"{printable(text, 64)}" has no version after "@"; write v3, or 4 or more digits of a commit')
    return ServiceId(environment or None, service_name(service), version or None)


def is_label(text: str) -> bool:
    """Tell whether `text` is a name as Score wants it: a DNS label of 2 to 63 characters."""
    return 2 <= len(text) <= 63 and _LABEL.fullmatch(text) is not None


def _keeps_its_name(branch: str) -> bool:
    if not _LABEL.fullmatch(branch) or len(branch) > _LONGEST_NAME:
        return False
    return not _HASHED.fullmatch(branch)


def _slug(branch: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", branch.lower()).strip("-")[:_LONGEST_SLUG].rstrip("-") or "branch"


def _hash(branch: str) -> str:
    try:
        original = branch.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        original = b""
    if not original:
        raise Permanent(f'"{printable(branch, 64)}" is no branch name that git can hold')
    return b32encode(sha256(original).digest()[:10]).decode().lower()
