"""Who sent this: HMAC-SHA256 over the raw body, or, of hosts that sign nothing, the secret itself.

In: secrets, what the headers claim, raw bytes. Out: nothing, or `Refused`. Only bytes are compared, in constant time:
two texts with a character beyond ASCII would raise a TypeError.
"""

import base64
import binascii
import hmac
import re
from collections.abc import Sequence

from orchestrator.errors import Permanent

_SHORTEST_SECRET = 32
_MOST_SECRETS = 2
_STANDARD_PREFIX = b"whsec_"
_MOST_SIGNATURES = 8
_TOLERANCE = 300
_ID = re.compile(r"[\x21-\x7e]{1,128}")
_SECONDS = re.compile(r"[0-9]{1,11}")


class Refused(Permanent):
    """The sender did not show that it knows the secret, or speaks of what is not its own."""


class UnsignedPing(Refused):
    """Somebody asks whether anybody is there, as a git host does that signs its deliveries, but not this question."""


def check_strength(hook: str, secrets: Sequence[bytes]) -> None:
    """Raise `Permanent` unless there are one or two secrets of at least 32 bytes each."""
    if not 1 <= len(secrets) <= _MOST_SECRETS:
        raise Permanent(f"hook {hook}: has {len(secrets)} secrets; give it one, or two during rotation")
    if any(len(standard_key(secret)) < _SHORTEST_SECRET for secret in secrets):
        raise Permanent(f"hook {hook}: a secret is shorter than 32 bytes; make one with: openssl rand -hex 32")


def check_hex(secrets: Sequence[bytes], claim: str, body: bytes) -> None:
    """Check `sha256=<hex>` over the body, as GitHub and its kind sign."""
    _check(_given(claim), [b"sha256=" + _hex(secret, body) for secret in secrets])


def check_bare_hex(secrets: Sequence[bytes], claim: str, body: bytes) -> None:
    """Check `<hex>` over the body, as Gitea and its kind sign."""
    _check(_given(claim), [_hex(secret, body) for secret in secrets])


def check_clear(secrets: Sequence[bytes], claim: str) -> None:
    """Check a secret that was sent in clear."""
    _check(_given(claim), secrets, "the secret")


def check_basic(secrets: Sequence[bytes], username: str, claim: str) -> None:
    """Check basic authentication (RFC 7617), whose password is the secret; an empty `username` stands for any."""
    name, password = _basic(claim)
    _check([password] if password else [], secrets, "the password")
    if username and not hmac.compare_digest(name, username.encode()):
        raise Refused("the user name is not that of this hook")


def check_standard(secrets: Sequence[bytes], body: bytes, now: float, *, message: str, sent: str, claims: str) -> None:
    """Check the headers of Standard Webhooks: id, timestamp and `v1,<base64>` signatures separated by blanks.

    `now` is in seconds since the epoch; five minutes of difference are tolerated. Source: standardwebhooks.com.
    """
    if not _ID.fullmatch(message) or not _SECONDS.fullmatch(sent):
        raise Refused("webhook-id or webhook-timestamp is missing or unreadable")
    if abs(now - int(sent)) > _TOLERANCE:
        raise Refused("webhook-timestamp is more than 5 minutes away from this clock")
    signed = f"{message}.{sent}.".encode() + body
    digests = [hmac.digest(standard_key(secret), signed, "sha256") for secret in secrets]
    given = [_raw(claim) for claim in claims.split(" ", _MOST_SIGNATURES)[:_MOST_SIGNATURES] if claim]
    _check(given, [b"v1," + base64.b64encode(digest) for digest in digests])


def standard_key(secret: bytes) -> bytes:
    """Decode `whsec_<base64>`; any other secret is the key itself. Raises `Permanent` when it is no base64."""
    if not secret.startswith(_STANDARD_PREFIX):
        return secret
    try:
        return base64.b64decode(secret.removeprefix(_STANDARD_PREFIX), validate=True)
    except binascii.Error as error:
        raise Permanent("a secret starts with whsec_ but does not go on as base64") from error


def _check(given: Sequence[bytes], expected: Sequence[bytes], what: str = "the signature") -> None:
    if not given:
        raise Refused(f"{what} is missing")
    if not any(hmac.compare_digest(mine, theirs) for mine in expected for theirs in given):
        raise Refused(f"{what} does not match any secret of this hook")


def _hex(secret: bytes, body: bytes) -> bytes:
    return hmac.digest(secret, body, "sha256").hex().encode()


def _basic(claim: str) -> tuple[bytes, bytes]:
    scheme, _, credentials = claim.partition(" ")
    if scheme.lower() != "basic":
        return b"", b""
    try:
        name, _, password = base64.b64decode(_raw(credentials.strip(" ")), validate=True).partition(b":")
    except binascii.Error as error:
        raise Refused("the header authorization cannot be read") from error
    return name, password


def _given(claim: str) -> list[bytes]:
    return [_raw(claim)] if claim else []


def _raw(claim: str) -> bytes:
    return claim.encode("utf-8", "surrogateescape")
