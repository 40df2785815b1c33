"""Azure DevOps: service hooks `git.push` with a list of ref updates, and pull requests as hints.

Nothing is signed: the secret comes as the password of basic authentication, or in the header that the hook names. A
repository is `project/name`. No paths are named. Shapes: learn.microsoft.com, "Service hook events".
"""

from orchestrator.domain import payload
from orchestrator.domain.payload import Malformed
from orchestrator.domain.webhook import FORK, NO_LOOK, Change, Headers, Hook, Ignored, Outcome, header
from orchestrator.domain.webhook.object_id import object_ids
from orchestrator.domain.webhook.pull import Pull, PullState
from orchestrator.domain.webhook.signature import check_basic, check_clear

HEADERS: tuple[str, ...] = ()
BODY_BYTES = 5 * 2**20
LOGINS: tuple[str, ...] = ("header", "username")
_PUSH = "git.push"
_PULLS = ("git.pullrequest.created", "git.pullrequest.updated", "git.pullrequest.merged")
_STATES = {"active": PullState.OPEN, "completed": PullState.MERGED, "abandoned": PullState.CLOSED}


def verify(hook: Hook, headers: Headers, body: bytes, now: float) -> None:  # noqa: ARG001 - nothing is signed
    """Raise `Refused` unless the secret is in the hook's header, or is the password where the hook has none."""
    if hook.header:
        check_clear(hook.secrets, header(headers, hook.header.lower()))
    else:
        check_basic(hook.secrets, hook.username, header(headers, "authorization"))


def delivery_id(headers: Headers, body: bytes) -> str:  # noqa: ARG001 - it is in the body
    """Return the id that tries repeat; empty when the body holds none, as in samples."""
    try:
        delivered = payload.read(body)
        return f"{payload.text(delivered, 'subscriptionId')}/{payload.number(delivered, 'notificationId')}"
    except Malformed:
        return ""


def uninteresting(headers: Headers) -> str:  # noqa: ARG001 - the event is named in the body
    """Every delivery may need a look."""
    return ""


def decode(headers: Headers, body: bytes) -> Outcome:  # noqa: ARG001 - all is in the body
    """Read a delivery; raises `Malformed`."""
    delivered = payload.read(body)
    event = payload.text(delivered, "eventType")
    if event == _PUSH:
        return _push(delivered)
    return _pull(payload.at(delivered, "resource")) if event in _PULLS else Ignored(NO_LOOK)


def _push(delivered: object) -> Outcome:
    updates = payload.items(delivered, "resource", "refUpdates")
    resource = payload.at(delivered, "resource")
    repository, pusher = _repository(resource), payload.text_or("", resource, "pushedBy", "displayName")
    return tuple(_change(repository, update, pusher) for update in updates) or Ignored("a push that moved nothing")


def _change(repository: str, update: object, pusher: str) -> Change:
    before, after = object_ids(update, "oldObjectId", "newObjectId")
    ref = payload.text(update, "name")
    return Change(repository, ref, before, after, created=not before, deleted=not after, pusher=pusher)


def _pull(resource: object) -> Outcome:
    """Read a pull request; that it was merged is in its status, the event named so only tells of a try."""
    if payload.at_or_none(resource, "forkSource") is not None:
        return Ignored(FORK)
    state = _STATES.get(payload.text(resource, "status"))
    if state is None:
        raise Malformed("resource.status is none that Azure DevOps describes")
    ref, title = payload.text(resource, "sourceRefName"), payload.text(resource, "title")
    return (Pull(_repository(resource), ref, payload.number(resource, "pullRequestId"), title, state),)


def _repository(resource: object) -> str:
    project = payload.text(resource, "repository", "project", "name")
    return f"{project}/{payload.text(resource, 'repository', 'name')}"
