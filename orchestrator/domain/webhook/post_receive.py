"""Our own post-receive hook, signed as Standard Webhooks says.

The body is `{"repository": NAME, "changes": [{"ref", "before", "after"}, …]}`; no changes mean "more than fit, look at
everything". Bytes of a ref that are no UTF-8 come as surrogate escapes.
"""

from orchestrator.domain import payload
from orchestrator.domain.webhook import Change, Headers, Hook, Outcome, Resync, header
from orchestrator.domain.webhook.object_id import object_ids
from orchestrator.domain.webhook.standard import verify_standard

HEADERS: tuple[str, ...] = ()
BODY_BYTES = 5 * 2**20
LOGINS: tuple[str, ...] = ()


def verify(hook: Hook, headers: Headers, body: bytes, now: float) -> None:
    """Raise `Refused` unless a signature matches and is at most five minutes old."""
    verify_standard(hook.secrets, headers, body, now)


def delivery_id(headers: Headers, body: bytes) -> str:  # noqa: ARG001 - it is in a header
    """Return the id that a retry repeats; it is signed."""
    return header(headers, "webhook-id")


def uninteresting(headers: Headers) -> str:  # noqa: ARG001 - every kind of event comes without telling headers
    """Every delivery may need a look."""
    return ""


def decode(headers: Headers, body: bytes) -> Outcome:  # noqa: ARG001 - all is in the body
    """Read a delivery; raises `Malformed`."""
    delivered = payload.read(body)
    repository = payload.text(delivered, "repository")
    changes = payload.items(delivered, "changes")
    return tuple(_change(repository, change) for change in changes) or Resync(repository)


def _change(repository: str, change: object) -> Change:
    before, after = object_ids(change)
    return Change(
        repository=repository,
        ref=payload.text(change, "ref"),
        before=before,
        after=after,
        created=not before,
        deleted=not after,
    )
