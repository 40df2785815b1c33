"""Read the lists that git writes: the heads of a remote, and the heads that a mirror holds.

In: bytes. Out: branches and commits, names decoded with `surrogateescape`. Lines that are no head are passed over: git
itself never fetches a ref whose name breaks its rules.
"""

import re

from orchestrator.adapters.git.heads import Branches

MIRRORED = "refs/anabranch/heads/"
_OBJECT_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_DEFAULT = re.compile(rb"ref: refs/heads/([^\t]+)\tHEAD")
_HEAD = re.compile(rb"([0-9a-f]{40}|[0-9a-f]{64})\trefs/heads/([^\x00-\x20\x7f]+)")
_KNOWN = re.compile(rb"([0-9a-f]{40}|[0-9a-f]{64})\x00refs/anabranch/heads/([^\x00-\x20\x7f]+)")


def read_remote(output: bytes) -> tuple[str | None, Branches]:
    """Read `ls-remote --symref`: the branch that HEAD names, if it names one, and all branches."""
    lines = output.split(b"\n")
    default = next((match[1] for line in lines if (match := _DEFAULT.fullmatch(line))), None)
    return (None if default is None else _decode(default)), _pairs(_HEAD, lines)


def read_mirror(output: bytes) -> Branches:
    """Read `for-each-ref --format=%(objectname)%00%(refname)` of a mirror."""
    return _pairs(_KNOWN, output.split(b"\n"))


def is_object_id(text: str) -> bool:
    """Tell whether a text is 40 or 64 lower-case hex digits, and not all zeros."""
    return _OBJECT_ID.fullmatch(text) is not None and text.strip("0") != ""


def _pairs(form: re.Pattern[bytes], lines: list[bytes]) -> Branches:
    found = (match for line in lines if (match := form.fullmatch(line)))
    return tuple(sorted((_decode(match[2]), match[1].decode("ascii")) for match in found))


def _decode(name: bytes) -> str:
    return name.decode("utf-8", "surrogateescape")
