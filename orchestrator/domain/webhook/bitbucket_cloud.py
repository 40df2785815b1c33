"""Bitbucket Cloud: `repo:push` with a list of changes, and pull requests as hints.

It names no paths, and sends nothing at all above 256 kB. Shapes: support.atlassian.com, "Event payloads".
"""

from orchestrator.domain import payload
from orchestrator.domain.payload import Malformed
from orchestrator.domain.webhook import FORK, NO_LOOK, Change, Headers, Hook, Ignored, Outcome, Resync, header
from orchestrator.domain.webhook.object_id import object_id
from orchestrator.domain.webhook.pull import Pull, PullState
from orchestrator.domain.webhook.ref_name import BRANCHES, full_name
from orchestrator.domain.webhook.signature import check_hex

HEADERS: tuple[str, ...] = ("x-event-key",)
BODY_BYTES = 2**20
LOGINS: tuple[str, ...] = ()
_PUSH = "repo:push"
_PULLS = ("pullrequest:created", "pullrequest:updated", "pullrequest:fulfilled", "pullrequest:rejected")
_STATES = {
    "OPEN": PullState.OPEN,
    "MERGED": PullState.MERGED,
    "DECLINED": PullState.CLOSED,
    "SUPERSEDED": PullState.CLOSED,
}


def verify(hook: Hook, headers: Headers, body: bytes, now: float) -> None:  # noqa: ARG001 - no time is signed
    """Raise `Refused` unless `X-Hub-Signature` matches."""
    check_hex(hook.secrets, header(headers, "x-hub-signature"), body)


def delivery_id(headers: Headers, body: bytes) -> str:  # noqa: ARG001 - it is in a header
    """Return the id of the request."""
    return header(headers, "x-request-uuid")


def uninteresting(headers: Headers) -> str:
    """Say why this event needs no look, empty when it may need one."""
    return "" if header(headers, "x-event-key") in (_PUSH, *_PULLS) else NO_LOOK


def decode(headers: Headers, body: bytes) -> Outcome:
    """Read a delivery; raises `Malformed`."""
    event = header(headers, "x-event-key")
    if event not in (_PUSH, *_PULLS):
        return Ignored(NO_LOOK)
    delivered = payload.read(body)
    return _push(delivered) if event == _PUSH else _pull(delivered)


def _push(delivered: object) -> Outcome:
    changes = payload.items(delivered, "push", "changes")
    return tuple(_change(delivered, change) for change in changes) or Resync(_repository(delivered))


def _change(delivered: object, change: object) -> Change:
    """Read a change, which tells the ref before and after; one of them may be null."""
    old, new = payload.at(change, "old"), payload.at(change, "new")
    there = old if new is None else new
    if there is None:
        raise Malformed("push.changes: old and new are both null")
    return Change(
        repository=_repository(delivered),
        ref=full_name(payload.text(there, "name"), payload.text(there, "type")),
        before=_target(old),
        after=_target(new),
        created=old is None,
        deleted=new is None,
        forced=payload.flag_or_false(change, "forced"),
        pusher=payload.text_or("", delivered, "actor", "nickname"),
    )


def _target(ref: object) -> str:
    return "" if ref is None else object_id(ref, "target", "hash")


def _pull(delivered: object) -> Outcome:
    asked = payload.at(delivered, "pullrequest")
    source = payload.at(asked, "source")
    theirs = "" if payload.at(source, "repository") is None else payload.text(source, "repository", "full_name")
    if theirs.casefold() != _repository(delivered).casefold():
        return Ignored(FORK)
    state = _STATES.get(payload.text(asked, "state"))
    if state is None:
        raise Malformed("pullrequest.state is none that Bitbucket describes")
    branch, title = payload.text(source, "branch", "name"), payload.text(asked, "title")
    return (Pull(_repository(delivered), BRANCHES + branch, payload.number(asked, "id"), title, state),)


def _repository(delivered: object) -> str:
    return payload.text(delivered, "repository", "full_name")
