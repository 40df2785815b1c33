"""Bitbucket Data Center and Server: `repo:refs_changed`, a mirror's `mirror:repo_synchronized`, pull requests.

Signed, or with basic authentication where the hook has a `username`; its "Test connection" shows neither. A repository
is `KEY/slug`, a personal one `~user/slug`. No paths are named. Shapes: confluence.atlassian.com, "Event payload".
"""

from orchestrator.domain import payload
from orchestrator.domain.payload import Malformed
from orchestrator.domain.webhook import FORK, NO_LOOK, Change, Headers, Hook, Ignored, Outcome, Resync, header
from orchestrator.domain.webhook.object_id import object_ids
from orchestrator.domain.webhook.pull import Pull, PullState
from orchestrator.domain.webhook.signature import UnsignedPing, check_basic, check_hex

HEADERS: tuple[str, ...] = ("x-event-key",)
BODY_BYTES = 5 * 2**20
LOGINS: tuple[str, ...] = ("username",)
_PUSHES = ("repo:refs_changed", "mirror:repo_synchronized")
_PULLS = ("pr:opened", "pr:modified", "pr:from_ref_updated", "pr:merged", "pr:declined", "pr:deleted")
_STATES = {"OPEN": PullState.OPEN, "MERGED": PullState.MERGED, "DECLINED": PullState.CLOSED}
_PING = "diagnostics:ping"
_ENDS = {"ADD": (False, True), "UPDATE": (True, True), "DELETE": (True, False)}


def verify(hook: Hook, headers: Headers, body: bytes, now: float) -> None:  # noqa: ARG001 - no time is signed
    """Raise `Refused` unless `X-Hub-Signature` matches, or the name and password where the hook has a username."""
    shown = header(headers, "authorization" if hook.username else "x-hub-signature")
    if not shown and _is_ping(headers):
        raise UnsignedPing(uninteresting(headers))
    if hook.username:
        check_basic(hook.secrets, hook.username, shown)
    else:
        check_hex(hook.secrets, shown, body)


def delivery_id(headers: Headers, body: bytes) -> str:  # noqa: ARG001 - it is in a header
    """Return the id of the request."""
    return header(headers, "x-request-id")


def uninteresting(headers: Headers) -> str:
    """Say why this event needs no look, empty when it may need one."""
    event = header(headers, "x-event-key")
    return "" if event in (*_PUSHES, *_PULLS) else "a ping" if _is_ping(headers) else NO_LOOK


def decode(headers: Headers, body: bytes) -> Outcome:
    """Read a delivery; raises `Malformed`."""
    event = header(headers, "x-event-key")
    if event not in (*_PUSHES, *_PULLS):
        return Ignored(uninteresting(headers))
    delivered = payload.read(body)
    return _push(delivered) if event in _PUSHES else _pull(delivered, deleted=event == "pr:deleted")


def _is_ping(headers: Headers) -> bool:
    return header(headers, "x-event-key") == _PING


def _push(delivered: object) -> Outcome:
    repository = _repository(payload.at(delivered, "repository"))
    changes = payload.items_or_none(delivered, "changes")
    if payload.flag_or_false(delivered, "refLimitExceeded") or not changes:
        return Resync(repository)
    pusher = payload.text_or("", delivered, "actor", "name")
    return tuple(_change(repository, change, pusher) for change in changes)


def _change(repository: str, change: object, pusher: str) -> Change:
    before, after = object_ids(change, "fromHash", "toHash")
    if _ENDS.get(payload.text(change, "type")) != (bool(before), bool(after)):
        raise Malformed("changes.type does not fit fromHash and toHash")
    ref = payload.text(change, "ref", "id")
    return Change(repository, ref, before, after, created=not before, deleted=not after, pusher=pusher)


def _pull(delivered: object, *, deleted: bool) -> Outcome:
    asked = payload.at(delivered, "pullRequest")
    source = payload.at(asked, "fromRef")
    repository = _repository(payload.at(asked, "toRef", "repository"))
    if _repository(payload.at(source, "repository")).casefold() != repository.casefold():
        return Ignored(FORK)
    state = PullState.CLOSED if deleted else _STATES.get(payload.text(asked, "state"))
    if state is None:
        raise Malformed("pullRequest.state is none that Bitbucket describes")
    title = payload.text(asked, "title")
    return (Pull(repository, payload.text(source, "id"), payload.number(asked, "id"), title, state),)


def _repository(value: object) -> str:
    return f"{payload.text(value, 'project', 'key')}/{payload.text(value, 'slug')}"
