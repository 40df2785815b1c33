"""A hint: "look at this branch of this repository now". The forwarder sends lists of them, the daemon's API reads them.

A hint is never believed: what a branch is comes from git. Its `deleted` only lets git's own answer count at once.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

from orchestrator.domain import payload
from orchestrator.domain.payload import Malformed
from orchestrator.domain.text import hidden

_LONGEST_REF = 1024
# Surrogates other than U+DC80..DCFF stand for no byte, so no ref can hold them.
_REF = re.compile(r"refs/heads/[^\x00-\x20\x7f~^:?*\[\\\ud800-\udc7f\udd00-\udfff]+")
_FORBIDDEN_IN_REF = ("..", "//", "/.", "@{", ".lock/")
_FORBIDDEN_AT_END = (".lock", "/", ".")
_WORD = re.compile(r"[\x21-\x7e]{1,200}")
_LONGEST_PULL = 200


@dataclass(frozen=True, slots=True)
class RefHint:
    """`ref` is a full `refs/heads/…`, bytes that are no UTF-8 as surrogate escapes; empty means the whole repository.

    `repository` is a configured name; `delivery` names what led here; `pull` is one line for people
    about the branch's pull request, empty when nothing was told of one; `received` is when the delivery was taken, in
    milliseconds since the epoch, 0 when nobody says. Raises `Malformed` when a field is not that.
    """

    repository: str
    ref: str
    deleted: bool
    delivery: str
    pull: str = ""
    received: int = 0

    def __post_init__(self) -> None:
        if not _WORD.fullmatch(self.repository):
            raise Malformed("hint: repository is no name")
        if self.ref and not is_branch(self.ref):
            raise Malformed("hint: ref is neither empty nor a full branch name (refs/heads/…)")
        if self.delivery and not _WORD.fullmatch(self.delivery):
            raise Malformed("hint: delivery is no id")
        if len(self.pull) > _LONGEST_PULL or hidden(self.pull) or (self.pull and not self.ref):
            raise Malformed("hint: pull is no short line about a branch")


_FIELDS = tuple(field.name for field in fields(RefHint))


def is_branch(ref: str) -> bool:
    """Tell whether git would accept `ref` as the full name of a branch (git-check-ref-format)."""
    return (
        len(ref) <= _LONGEST_REF
        and _REF.fullmatch(ref) is not None
        and not any(part in ref for part in _FORBIDDEN_IN_REF)
        and not ref.endswith(_FORBIDDEN_AT_END)
    )


def newest(hints: Sequence[RefHint]) -> tuple[RefHint, ...]:
    """Keep the newest hint of each branch, in order of arrival.

    What was told of its pull request stays until something else is; a word about one does not say whether the branch is
    still there, so it leaves that as it was.
    """
    found = dict[tuple[str, str], RefHint]()
    for each in hints:
        place = (each.repository, each.ref)
        before = found.get(place)
        found[place] = each if before is None else _newer(before, each)
    return tuple(found.values())


def _newer(before: RefHint, hint: RefHint) -> RefHint:
    if hint.pull:
        return replace(hint, deleted=before.deleted)
    return replace(hint, pull=before.pull) if before.pull else hint


def to_json(hints: Sequence[RefHint]) -> bytes:
    """Write hints as an ASCII JSON list."""
    return json.dumps([{name: getattr(hint, name) for name in _FIELDS} for hint in hints]).encode("ascii")


def from_json(body: bytes) -> tuple[RefHint, ...]:
    """Read a list of hints; raises `Malformed` when any of them is not one."""
    return tuple(_hint(item) for item in payload.items(payload.read(body)))


def _hint(item: object) -> RefHint:
    return RefHint(
        repository=payload.text(item, "repository"),
        ref=payload.text(item, "ref"),
        deleted=payload.flag(item, "deleted"),
        delivery=payload.text(item, "delivery"),
        pull=payload.text_or("", item, "pull"),
        received=payload.number_or_zero(item, "received"),
    )
