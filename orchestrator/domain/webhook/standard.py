"""The headers of Standard Webhooks: an id, a time, and signatures of both and the body (standardwebhooks.com)."""

from collections.abc import Sequence

from orchestrator.domain.webhook import Headers, header
from orchestrator.domain.webhook.signature import check_standard


def is_standard(headers: Headers) -> bool:
    """Tell whether a delivery claims to be signed this way; raises `Refused` when it does so twice."""
    return bool(header(headers, "webhook-signature"))


def verify_standard(secrets: Sequence[bytes], headers: Headers, body: bytes, now: float) -> None:
    """Raise `Refused` unless a signature matches and is at most five minutes old."""
    check_standard(
        secrets,
        body,
        now,
        message=header(headers, "webhook-id"),
        sent=header(headers, "webhook-timestamp"),
        claims=header(headers, "webhook-signature"),
    )
