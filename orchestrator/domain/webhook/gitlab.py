"""GitLab: Push, Tag Push and Merge Request Hooks of projects and groups, and System Hooks of a whole instance.

Signed as Standard Webhooks says where the hook has a signing token; else the secret token comes in clear. A push does
not say whether it was forced, so its paths are never complete. Shapes: docs.gitlab.com, "Webhook events".
"""

from collections.abc import Callable, Mapping

from orchestrator.domain import payload
from orchestrator.domain.payload import Malformed
from orchestrator.domain.webhook import FORK, NO_LOOK, Change, Headers, Hook, Ignored, Outcome, Resync, header
from orchestrator.domain.webhook.object_id import object_ids
from orchestrator.domain.webhook.paths import touched
from orchestrator.domain.webhook.pull import Pull, PullState
from orchestrator.domain.webhook.ref_name import BRANCHES
from orchestrator.domain.webhook.signature import check_clear
from orchestrator.domain.webhook.standard import is_standard, verify_standard

HEADERS: tuple[str, ...] = ("x-gitlab-event",)
BODY_BYTES = 25 * 2**20
LOGINS: tuple[str, ...] = ()
_SYSTEM = "System Hook"
_KINDS = {"Push Hook": "push", "Tag Push Hook": "tag_push", "Merge Request Hook": "merge_request"}
_ACTIONS = ("open", "reopen", "update", "close", "merge")
_STATES = {
    "opened": PullState.OPEN,
    "locked": PullState.OPEN,
    "merged": PullState.MERGED,
    "closed": PullState.CLOSED,
}


def verify(hook: Hook, headers: Headers, body: bytes, now: float) -> None:
    """Raise `Refused` unless the signature matches, or, where there is none, the token in clear."""
    if is_standard(headers):
        verify_standard(hook.secrets, headers, body, now)
    else:
        check_clear(hook.secrets, header(headers, "x-gitlab-token"))


def delivery_id(headers: Headers, body: bytes) -> str:  # noqa: ARG001 - it is in a header
    """Return the id that retries and resends repeat; the UUIDs of GitLab's own headers do not."""
    return header(headers, "idempotency-key") or header(headers, "webhook-id")


def uninteresting(headers: Headers) -> str:
    """Say why this event needs no look, empty when it may need one."""
    return "" if header(headers, "x-gitlab-event") in (*_KINDS, _SYSTEM) else NO_LOOK


def decode(headers: Headers, body: bytes) -> Outcome:
    """Read a delivery; raises `Malformed`."""
    event = header(headers, "x-gitlab-event")
    if event not in (*_KINDS, _SYSTEM):
        return Ignored(NO_LOOK)
    delivered = payload.read(body)
    kind = payload.text_or("", delivered, "object_kind") or payload.text(delivered, "event_name")
    if kind != _KINDS.get(event, kind):
        raise Malformed("object_kind is not what the header X-Gitlab-Event says")
    reader = _READERS.get(kind)
    return reader(delivered) if reader else Ignored(NO_LOOK)


def _push(delivered: object) -> Outcome:
    before, after = object_ids(delivered)
    change = Change(
        repository=_project(delivered),
        ref=payload.text(delivered, "ref"),
        before=before,
        after=after,
        created=not before,
        deleted=not after,
        pusher=payload.text_or("", delivered, "user_username"),
        paths=touched(payload.items_or_none(delivered, "commits"), complete=False),
    )
    return (change,)


def _update(delivered: object) -> Outcome:
    """Read what a System Hook tells once for each push, however many refs it moved."""
    changes = payload.items(delivered, "changes")
    return tuple(_moved(delivered, change) for change in changes) or Resync(_project(delivered))


def _moved(delivered: object, change: object) -> Change:
    before, after = object_ids(change)
    ref = payload.text(change, "ref")
    return Change(_project(delivered), ref, before, after, created=not before, deleted=not after)


def _merge_request(delivered: object) -> Outcome:
    asked = payload.at(delivered, "object_attributes")
    if payload.text_or("", asked, "action") not in _ACTIONS:
        return Ignored(NO_LOOK)
    if payload.number(asked, "source_project_id") != payload.number(asked, "target_project_id"):
        return Ignored(FORK)
    state = _STATES.get(payload.text(asked, "state"))
    if state is None:
        raise Malformed("object_attributes.state is none that GitLab describes")
    branch, title = payload.text(asked, "source_branch"), payload.text(asked, "title")
    return (Pull(_project(delivered), BRANCHES + branch, payload.number(asked, "iid"), title, state),)


def _project(delivered: object) -> str:
    return payload.text(delivered, "project", "path_with_namespace")


_READERS: Mapping[str, Callable[[object], Outcome]] = {
    "push": _push,
    "tag_push": _push,
    "repository_update": _update,
    "merge_request": _merge_request,
}
