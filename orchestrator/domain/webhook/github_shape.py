"""Payloads of the shape that GitHub gave them, which Gitea, Forgejo and Gogs took over.

In: parsed JSON. Out: changes and pull requests; raises `Malformed`.
"""

from orchestrator.domain import payload
from orchestrator.domain.payload import Malformed
from orchestrator.domain.webhook import FORK, Change, Ignored, Outcome
from orchestrator.domain.webhook.pull import Pull, PullState
from orchestrator.domain.webhook.ref_name import BRANCHES, full_name


def repository(delivered: object) -> str:
    """Read the full name of the repository that an event is about."""
    return payload.text(delivered, "repository", "full_name")


def named(delivered: object, *, deleted: bool) -> Change:
    """Read `create` or `delete`, which tell a name and no object."""
    return Change(
        repository=repository(delivered),
        ref=full_name(payload.text(delivered, "ref"), payload.text(delivered, "ref_type")),
        created=not deleted,
        deleted=deleted,
        pusher=payload.text_or("", delivered, "sender", "login"),
    )


def pull_request(delivered: object) -> Outcome:
    """Read a `pull_request` whose `head` is an object; one whose branch is in a fork is ignored."""
    return from_branch(delivered, ("head", "repo"), payload.text(delivered, "pull_request", "head", "ref"))


def from_branch(delivered: object, source: tuple[str, ...], branch: str) -> Outcome:
    """Read a pull request that wants to merge `branch` of the repository at `source`, which is null when it is gone."""
    number, where = payload.number(delivered, "number"), ("pull_request", *source)
    theirs = "" if payload.at(delivered, *where) is None else payload.text(delivered, *where, "full_name")
    if theirs.casefold() != repository(delivered).casefold():
        return Ignored(FORK)
    title = payload.text(delivered, "pull_request", "title")
    return (Pull(repository(delivered), BRANCHES + branch, number, title, _state(delivered)),)


def _state(delivered: object) -> PullState:
    match payload.text(delivered, "pull_request", "state"):
        case "open":
            return PullState.OPEN
        case "closed":
            merged = payload.flag_or_false(delivered, "pull_request", "merged")
            return PullState.MERGED if merged else PullState.CLOSED
    raise Malformed("pull_request.state is neither open nor closed")
