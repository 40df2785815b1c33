"""Every git host that is understood, behind one shape; a new host is one file and its line in `HOSTS`.

Headers decide before the journal what needs no look; the body is decoded after it.
"""

from collections.abc import Mapping
from typing import Protocol

from orchestrator.domain.hint import RefHint
from orchestrator.domain.webhook import Change, Headers, Hook, Outcome, Resync, github, post_receive
from orchestrator.domain.webhook.signature import Refused
from orchestrator.errors import Permanent

_MOST_REFS = 256
_BRANCHES = "refs/heads/"


class Host(Protocol):
    """What a git host's file offers; the file itself, a module, is the host."""

    HEADERS: tuple[str, ...]
    """Lower-case names of the headers that `decode` reads."""
    BODY_BYTES: int
    """The longest body worth accepting."""

    def verify(self, hook: Hook, headers: Headers, body: bytes, now: float) -> None:
        """Raise `Refused` unless the sender knows a secret of the hook; `now` in seconds since the epoch."""

    def delivery_id(self, headers: Headers) -> str:
        """Return the id that a retry repeats, empty when there is none."""

    def uninteresting(self, headers: Headers) -> str:
        """Say why headers alone show that nothing needs a look, empty when something may."""

    def decode(self, headers: Headers, body: bytes) -> Outcome:
        """Read a verified delivery; raises `Malformed`."""


HOSTS: Mapping[str, Host] = {"github": github, "post-receive": post_receive}


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


def hints(hook: Hook, outcome: tuple[Change, ...] | Resync, delivery: str) -> tuple[RefHint, ...]:
    """Turn changes into hints about configured repositories; changes of tags and notes give none.

    More than 256 branches become one hint for their repository. Raises `Refused` for a repository that is not the
    hook's, `Malformed` for a ref that git would not accept.
    """
    if isinstance(outcome, Resync):
        return (RefHint(_configured(hook, outcome.repository), "", deleted=False, delivery=delivery),)
    found = {
        (_configured(hook, change.repository), change.ref): change.deleted
        for change in outcome
        if change.ref.startswith(_BRANCHES)
    }
    if len(found) > _MOST_REFS:
        found = {(repository, ""): False for repository, _ in found}
    return tuple(RefHint(repository, ref, deleted, delivery) for (repository, ref), deleted in found.items())


def _configured(hook: Hook, name: str) -> str:
    for theirs, ours in hook.repositories.items():
        if theirs.casefold() == name.casefold():
            return ours
    raise Refused(f"{name[:100]!a} is not a repository of hook {hook.name}; add it to the hook or to its host's list")


__all__ = ["HOSTS", "Host", "decode", "hints", "host", "verify"]
