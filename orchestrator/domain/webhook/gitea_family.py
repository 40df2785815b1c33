"""Gitea and its relatives: the same signature, events and push, under header names of their own.

The bare hexadecimal signature is over the JSON, also where the JSON comes inside a form. A deleted branch is only told
by `delete`. No push says whether it was forced, so the paths of a push are never complete.
"""

from collections.abc import Callable
from dataclasses import dataclass

from orchestrator.domain import payload
from orchestrator.domain.payload import Malformed
from orchestrator.domain.webhook import NO_LOOK, Change, Headers, Hook, Ignored, Outcome, header
from orchestrator.domain.webhook.form import json_of
from orchestrator.domain.webhook.github_shape import named, pull_request, repository
from orchestrator.domain.webhook.object_id import object_ids
from orchestrator.domain.webhook.paths import touched
from orchestrator.domain.webhook.signature import Refused, check_bare_hex

_EVENTS = ("push", "create", "delete", "pull_request", "pull_request_sync")
_PULL_ACTIONS = ("opened", "reopened", "edited", "synchronized", "closed")


@dataclass(frozen=True, slots=True)
class GiteaFamily:
    """A git host of this family: `brand` is in its headers, `pull` reads its pull requests."""

    brand: str
    pull: Callable[[object], Outcome] = pull_request
    BODY_BYTES: int = 5 * 2**20
    LOGINS: tuple[str, ...] = ()

    @property
    def HEADERS(self) -> tuple[str, ...]:  # noqa: N802 - a module's constant elsewhere
        """Lower-case names of the headers that `decode` reads."""
        return (self._name("event"), "content-type")

    def verify(self, hook: Hook, headers: Headers, body: bytes, now: float) -> None:  # noqa: ARG002 - no time is signed
        """Raise `Refused` unless this host's own signature header matches; it sends those of others as well."""
        try:
            signed = json_of(headers, body)
        except Malformed as error:
            raise Refused(str(error)) from error
        check_bare_hex(hook.secrets, header(headers, self._name("signature")), signed)

    def delivery_id(self, headers: Headers, body: bytes) -> str:  # noqa: ARG002 - it is in a header
        """Return the id of the only try."""
        return header(headers, self._name("delivery"))

    def uninteresting(self, headers: Headers) -> str:
        """Say why this event needs no look, empty when it may need one."""
        return "" if header(headers, self._name("event")) in _EVENTS else NO_LOOK

    def decode(self, headers: Headers, body: bytes) -> Outcome:
        """Read a delivery; raises `Malformed`."""
        event = header(headers, self._name("event"))
        if event not in _EVENTS:
            return Ignored(NO_LOOK)
        delivered = payload.read(json_of(headers, body))
        if event.startswith("pull_request"):
            return self.pull(delivered) if payload.text(delivered, "action") in _PULL_ACTIONS else Ignored(NO_LOOK)
        return (_push(delivered) if event == "push" else named(delivered, deleted=event == "delete"),)

    def _name(self, what: str) -> str:
        return f"x-{self.brand}-{what}"


def _push(delivered: object) -> Change:
    before, after = object_ids(delivered)
    return Change(
        repository=repository(delivered),
        ref=payload.text(delivered, "ref"),
        before=before,
        after=after,
        created=not before,
        deleted=not after,
        pusher=payload.text_or("", delivered, "pusher", "login"),
        paths=touched(payload.items_or_none(delivered, "commits"), complete=False),
    )
