"""Every git host that is understood, behind one shape; a new host is one file and its line in `HOSTS`.

Headers decide before the journal what needs no look; the body is decoded after it.
"""

from collections.abc import Mapping
from typing import Protocol

from orchestrator.domain import hint
from orchestrator.domain.hint import RefHint
from orchestrator.domain.webhook import (
    Change,
    Headers,
    Hook,
    Outcome,
    Resync,
    azure_devops,
    bitbucket_cloud,
    bitbucket_server,
    forgejo,
    generic,
    gitea,
    github,
    gitlab,
    gogs,
    post_receive,
)
from orchestrator.domain.webhook.membership import ours
from orchestrator.domain.webhook.pull import Pull
from orchestrator.domain.webhook.ref_name import BRANCHES, TAGS
from orchestrator.errors import Permanent

_MOST_REFS = 256


class Host(Protocol):
    """What a git host's file offers; the file itself, a module, is the host, or its `HOST` where it has relatives."""

    @property
    def HEADERS(self) -> tuple[str, ...]:  # noqa: N802 - a module's constant
        """Lower-case names of the headers that `decode` reads."""

    @property
    def BODY_BYTES(self) -> int:  # noqa: N802 - a module's constant
        """The longest body worth accepting."""

    @property
    def LOGINS(self) -> tuple[str, ...]:  # noqa: N802 - a module's constant
        """Settings of a hook, `header` and `username`, that say how this host sends the secret in clear."""

    def verify(self, hook: Hook, headers: Headers, body: bytes, now: float) -> None:
        """Raise `Refused` unless the sender knows a secret of the hook; `now` in seconds since the epoch."""

    def delivery_id(self, headers: Headers, body: bytes) -> str:
        """Return the id that a retry of this verified delivery repeats, empty when there is none."""

    def uninteresting(self, headers: Headers) -> str:
        """Say why headers alone show that nothing needs a look, empty when something may."""

    def decode(self, headers: Headers, body: bytes) -> Outcome:
        """Read a verified delivery; raises `Malformed`."""


HOSTS: Mapping[str, Host] = {
    "azure-devops": azure_devops,
    "bitbucket-cloud": bitbucket_cloud,
    "bitbucket-server": bitbucket_server,
    "forgejo": forgejo.HOST,
    "generic": generic,
    "gitea": gitea.HOST,
    "github": github,
    "gitlab": gitlab,
    "gogs": gogs.HOST,
    "post-receive": post_receive,
}


def host(provider: str) -> Host:
    """Find a host by its name in the settings; raises `Permanent` naming those that exist."""
    if provider not in HOSTS:
        raise Permanent(f"{provider!a} is no known git host; there are: {', '.join(sorted(HOSTS))}")
    return HOSTS[provider]


def verify(hook: Hook, headers: Headers, body: bytes, now: float) -> None:
    """Raise `Refused` unless the sender knows a secret of the hook; `now` in seconds since the epoch."""
    host(hook.provider).verify(hook, headers, body, now)


def decode(provider: str, headers: Headers, body: bytes) -> Outcome:
    """Read a verified delivery; raises `Malformed`."""
    return host(provider).decode(headers, body)


def hints(
    hook: Hook, outcome: tuple[Change | Pull, ...] | Resync, delivery: str, received: int = 0
) -> tuple[RefHint, ...]:
    """Turn what was told into hints about configured repositories; changes of notes and the like give none.

    A tag gives one, about its repository, if the hook wants tags. More than 256 branches become one hint for their
    repository. Other repositories of the hook's organisation give none. Raises `Refused` for a repository that is not
    the hook's, `Malformed` for a ref that git refuses.
    """
    if isinstance(outcome, Resync):
        name = ours(hook, [outcome.repository])[outcome.repository]
        return (_all(name, delivery, received),) if name else ()
    names = ours(hook, [each.repository for each in outcome])
    told = [(name, each) for each in outcome if (name := names[each.repository])]
    found = hint.newest([about for name, each in told if (about := _hint(hook, name, each, delivery, received))])
    return (
        found
        if len(found) <= _MOST_REFS
        else hint.newest([_all(each.repository, delivery, received) for each in found])
    )


def _hint(hook: Hook, repository: str, told: Change | Pull, delivery: str, received: int) -> RefHint | None:
    if isinstance(told, Pull):
        return RefHint(repository, told.ref, deleted=False, delivery=delivery, pull=told.note, received=received)
    if told.ref.startswith(BRANCHES):
        return RefHint(repository, told.ref, told.deleted, delivery, received=received)
    return _all(repository, delivery, received) if hook.tags and told.ref.startswith(TAGS) else None


def _all(repository: str, delivery: str, received: int) -> RefHint:
    return RefHint(repository, "", deleted=False, delivery=delivery, received=received)


__all__ = ["HOSTS", "Host", "decode", "hints", "host", "verify"]
