"""Keeps secrets out of text, in whatever form they got into it.

In: the secrets that this process holds, and any text. Out: the text with `***` in their place.
"""

import base64
import json
import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

from orchestrator.domain.git_url import without_credentials

HIDDEN = "***"
_SHORTEST = 6


class Mask:
    """Hides secrets as they are, in JSON, percent-encoded and in base64 at any offset, and credentials in URLs.

    A secret of several lines is hidden line by line, and of `user:token` the token by itself. Shorter ones than 6
    characters cannot be told from ordinary text and stay.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._forms: frozenset[str] = frozenset()
        self._pattern = re.compile("(?!)")
        self.learn(*secrets)

    def learn(self, *secrets: str) -> None:
        """Hide these too, from now on."""
        parts = {part for secret in secrets for line in secret.splitlines() for part in _parts(line.strip())}
        self._forms |= {form for part in parts for form in _forms(part) if len(form) >= _SHORTEST}
        longest_first = sorted(self._forms, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest_first)) or "(?!)")

    def __call__(self, text: str) -> str:
        """Give the text without secrets."""
        return without_credentials(self._pattern.sub(HIDDEN, text))


def _parts(line: str) -> tuple[str, ...]:
    _, _, token = line.partition(":")
    return tuple(part for part in (line, token) if len(part) >= _SHORTEST)


def _forms(secret: str) -> set[str]:
    percent = {
        quote(secret, errors="replace"),
        quote(secret, safe="", errors="replace"),
        quote_plus(secret, errors="replace"),
    }
    lower = {re.sub("%[0-9A-F]{2}", lambda found: found[0].lower(), text) for text in percent}
    quoted = {secret, json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1], repr(secret)[1:-1]}
    return quoted | percent | lower | _base64(secret.encode(errors="replace"))


def _base64(secret: bytes) -> set[str]:
    """Encode behind 0, 1 and 2 other bytes; keep the characters that no neighbour has a part in."""
    forms = set[str]()
    for before in range(3):
        first, last = -(-before * 8 // 6), (before + len(secret)) * 8 // 6
        whole = base64.b64encode(bytes(before) + secret).decode()
        forms |= {whole[first:last], whole[first:last].translate(str.maketrans("+/", "-_"))}
    return forms
