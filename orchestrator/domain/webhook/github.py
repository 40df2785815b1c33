"""GitHub: `push`, and `create`, `delete` and `pull_request` as hints.

A deleted branch comes twice, as a push whose `after` is zeros and as `delete`; both say the same here. Payloads are
described at docs.github.com, "Webhook events and payloads".
"""

from orchestrator.domain import payload
from orchestrator.domain.webhook import NO_LOOK, Change, Headers, Hook, Ignored, Outcome, header
from orchestrator.domain.webhook.form import json_of
from orchestrator.domain.webhook.github_shape import named, pull_request, repository
from orchestrator.domain.webhook.object_id import object_ids
from orchestrator.domain.webhook.paths import touched
from orchestrator.domain.webhook.signature import check_hex

HEADERS: tuple[str, ...] = ("x-github-event", "content-type")
BODY_BYTES = 5 * 2**20
LOGINS: tuple[str, ...] = ()
_EVENTS = ("push", "create", "delete", "pull_request")
_PULL_ACTIONS = ("opened", "reopened", "edited", "synchronize", "closed")
_MOST_COMMITS = 2048


def verify(hook: Hook, headers: Headers, body: bytes, now: float) -> None:  # noqa: ARG001 - GitHub signs no time
    """Raise `Refused` unless `X-Hub-Signature-256` matches; the SHA-1 header is never enough."""
    check_hex(hook.secrets, header(headers, "x-hub-signature-256"), body)


def delivery_id(headers: Headers, body: bytes) -> str:  # noqa: ARG001 - it is in a header
    """Return the id that a redelivery repeats."""
    return header(headers, "x-github-delivery")


def uninteresting(headers: Headers) -> str:
    """Say why this event needs no look, empty when it may need one."""
    event = header(headers, "x-github-event")
    return "" if event in _EVENTS else "a ping" if event == "ping" else NO_LOOK


def decode(headers: Headers, body: bytes) -> Outcome:
    """Read a delivery; raises `Malformed`."""
    event = header(headers, "x-github-event")
    if event not in _EVENTS:
        return Ignored(uninteresting(headers))
    delivered = payload.read(json_of(headers, body))
    if event == "pull_request":
        return pull_request(delivered) if payload.text(delivered, "action") in _PULL_ACTIONS else Ignored(NO_LOOK)
    return (_push(delivered) if event == "push" else named(delivered, deleted=event == "delete"),)


def _push(delivered: object) -> Change:
    before, after = object_ids(delivered)
    forced = payload.flag(delivered, "forced")
    commits = payload.items_or_none(delivered, "commits")
    every = bool(before and after) and not forced and len(commits) < _MOST_COMMITS
    return Change(
        repository=repository(delivered),
        ref=payload.text(delivered, "ref"),
        before=before,
        after=after,
        created=not before,
        deleted=not after,
        forced=forced,
        pusher=payload.text_or("", delivered, "pusher", "name"),
        paths=touched(commits, complete=every),
    )
