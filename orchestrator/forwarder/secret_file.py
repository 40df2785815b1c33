"""A secret, read from its file and stripped of the blanks and line ends around it."""

from collections.abc import Iterator
from pathlib import Path

from orchestrator.errors import Permanent

_LONGEST = 4096


def read_secret(file: Path, owner: str) -> bytes:
    """Read the secret of `owner`; raises `Permanent` naming the file when it cannot be read or holds none."""
    try:
        with file.open("rb") as opened:
            found = opened.read(_LONGEST + 1)
    except OSError as error:
        raise Permanent(f"{file}: cannot be read ({error.strerror}); {owner} needs its secret from there") from error
    if len(found) > _LONGEST:
        raise Permanent(f"{file}: longer than {_LONGEST} bytes, so it is no secret; name the right file for {owner}")
    if not found.strip():
        raise Permanent(f"{file}: holds nothing; write the secret of {owner} into it")
    return found.strip()


def spellings(secret: bytes) -> Iterator[str]:
    """Write a secret in the ways in which it might come into a log."""
    text = secret.decode("utf-8", "surrogateescape")
    yield from (text, text.removeprefix("whsec_"))
