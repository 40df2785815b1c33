"""Which of a hook's secrets a git host showed, so that a rotation knows when the old one is used no more.

In: a verified delivery. Out: the place of the secret in the settings; None for a trial of our own, which says nothing
about what the git host knows.
"""

from dataclasses import replace

from orchestrator.domain.webhook import Headers, Hook
from orchestrator.domain.webhook.hosts import host
from orchestrator.domain.webhook.sample import USER_AGENT
from orchestrator.domain.webhook.signature import Refused


def shown(hook: Hook, headers: Headers, body: bytes, now: float) -> int | None:
    """Tell the first of a hook's secrets that verifies the delivery."""
    if headers.get("user-agent") == (USER_AGENT,):
        return None
    first, *others = hook.secrets
    if not others:
        return 0
    try:
        host(hook.provider).verify(replace(hook, secrets=(first,)), headers, body, now)
    except Refused:
        return 1
    return 0
