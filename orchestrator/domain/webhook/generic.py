"""Any sender of one's own: `{"repository", "ref", "before", "after"}`, or a list of these.

Zeros stand for "there is none"; `forced` and `pusher` may be told too. Signed as Standard Webhooks says, or with Flux's
`X-Signature: sha256=<hex>` over the body.
"""

from orchestrator.domain import payload
from orchestrator.domain.webhook import Change, Headers, Hook, Ignored, Outcome, header
from orchestrator.domain.webhook.object_id import object_ids
from orchestrator.domain.webhook.signature import check_hex
from orchestrator.domain.webhook.standard import is_standard, verify_standard

HEADERS: tuple[str, ...] = ()
BODY_BYTES = 5 * 2**20
LOGINS: tuple[str, ...] = ()


def verify(hook: Hook, headers: Headers, body: bytes, now: float) -> None:
    """Raise `Refused` unless the signature that came matches."""
    if is_standard(headers):
        verify_standard(hook.secrets, headers, body, now)
    else:
        check_hex(hook.secrets, header(headers, "x-signature"), body)


def delivery_id(headers: Headers, body: bytes) -> str:  # noqa: ARG001 - it is in a header
    """Return the id that a retry repeats."""
    return header(headers, "webhook-id")


def uninteresting(headers: Headers) -> str:  # noqa: ARG001 - every kind of event comes without telling headers
    """Every delivery may need a look."""
    return ""


def decode(headers: Headers, body: bytes) -> Outcome:  # noqa: ARG001 - all is in the body
    """Read a delivery; raises `Malformed`."""
    delivered = payload.read(body)
    changes = payload.items(delivered) if isinstance(delivered, list) else (delivered,)
    return tuple(_change(change) for change in changes) or Ignored("no change")


def _change(change: object) -> Change:
    before, after = object_ids(change)
    return Change(
        repository=payload.text(change, "repository"),
        ref=payload.text(change, "ref"),
        before=before,
        after=after,
        created=not before,
        deleted=not after,
        forced=payload.flag_or_false(change, "forced"),
        pusher=payload.text_or("", change, "pusher"),
    )
