"""GitHub: `push`, and `create` and `delete` as hints.

A deleted branch comes twice, as a push whose `after` is zeros and as `delete`; both say the same here. Payloads are
described at docs.github.com, "Webhook events and payloads".
"""

from urllib.parse import parse_qs

from orchestrator.domain import payload
from orchestrator.domain.payload import Malformed
from orchestrator.domain.webhook import Change, Headers, Hook, Ignored, Outcome, header
from orchestrator.domain.webhook.object_id import object_id
from orchestrator.domain.webhook.signature import check_hex

HEADERS: tuple[str, ...] = ("x-github-event", "content-type")
BODY_BYTES = 5 * 2**20
_EVENTS = ("push", "create", "delete")
_NAMESPACES = {"branch": "refs/heads/", "tag": "refs/tags/"}


def verify(hook: Hook, headers: Headers, body: bytes, now: float) -> None:  # noqa: ARG001 - GitHub signs no time
    """Raise `Refused` unless `X-Hub-Signature-256` matches; the SHA-1 header is never enough."""
    check_hex(hook.secrets, header(headers, "x-hub-signature-256"), body)


def delivery_id(headers: Headers) -> str:
    """Return the id that a redelivery repeats."""
    return header(headers, "x-github-delivery")


def uninteresting(headers: Headers) -> str:
    """Say why this event needs no look, empty when it may need one."""
    event = header(headers, "x-github-event")
    return "" if event in _EVENTS else "a ping" if event == "ping" else "not an event about branches"


def decode(headers: Headers, body: bytes) -> Outcome:
    """Read a delivery; raises `Malformed`."""
    event = header(headers, "x-github-event")
    if event not in _EVENTS:
        return Ignored(uninteresting(headers))
    delivered = payload.read(_json(headers, body))
    return (_push(delivered) if event == "push" else _named(delivered, deleted=event == "delete"),)


def _json(headers: Headers, body: bytes) -> bytes:
    if not header(headers, "content-type").lower().startswith("application/x-www-form-urlencoded"):
        return body
    try:
        values = parse_qs(body, max_num_fields=8).get(b"payload", [])
    except ValueError as error:
        raise Malformed("the form has too many fields") from error
    if len(values) != 1:
        raise Malformed("the form has not one field named payload")
    return values[0]


def _push(delivered: object) -> Change:
    before, after = object_id(delivered, "before"), object_id(delivered, "after")
    return Change(
        repository=payload.text(delivered, "repository", "full_name"),
        ref=payload.text(delivered, "ref"),
        before=before,
        after=after,
        created=not before,
        deleted=not after,
        forced=payload.flag(delivered, "forced"),
        pusher=payload.text_or("", delivered, "pusher", "name"),
    )


def _named(delivered: object, *, deleted: bool) -> Change:
    ref, kind = payload.text(delivered, "ref"), payload.text(delivered, "ref_type")
    return Change(
        repository=payload.text(delivered, "repository", "full_name"),
        ref=ref if ref.startswith("refs/") else _NAMESPACES.get(kind, "") + ref,
        created=not deleted,
        deleted=deleted,
        pusher=payload.text_or("", delivered, "sender", "login"),
    )
