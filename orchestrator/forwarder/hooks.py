"""The hooks that are served now; a reload exchanges all of them at once.

In: hooks. Out: the same by name, and what the git hosts sent to each: how often, when, and with which of two secrets.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from orchestrator.domain.delivery import Reloaded
from orchestrator.domain.webhook import Hook
from orchestrator.domain.webhook.hosts import host
from orchestrator.errors import Permanent


@dataclass(slots=True)
class Seen:
    """What came for a hook since the start; times in seconds since the epoch, 0 for never.

    `secrets_used_at` tells for each secret, in the order of the settings, when a delivery last showed it.
    """

    accepted: int = 0
    refused: int = 0
    last_at: float = 0.0
    last_refusal: str = ""
    last_refused_at: float = 0.0
    secrets_used_at: dict[bytes, float] = field(default_factory=dict, repr=False)


class Hooks:
    """`current` maps a name to its hook, `seen` to what came for it."""

    def __init__(self, hooks: Sequence[Hook]) -> None:
        self.current: Mapping[str, Hook] = {}
        self.seen: dict[str, Seen] = {}
        self.exchange(hooks)

    def exchange(self, hooks: Sequence[Hook]) -> Reloaded:
        """Serve these from here on; raises `Permanent` for two of one name, or of an unknown git host."""
        before, found = self.current, {hook.name: hook for hook in hooks}
        if len(found) < len(hooks):
            raise Permanent("forwarder: two hooks have one name; give each its own")
        for hook in hooks:
            host(hook.provider)
        self.current = found
        self.seen = {name: self.seen.get(name, Seen()) for name in found}
        return Reloaded(
            added=tuple(sorted(found.keys() - before.keys())),
            changed=tuple(sorted(name for name in found.keys() & before.keys() if found[name] != before[name])),
            removed=tuple(sorted(before.keys() - found.keys())),
        )

    def accepted(self, name: str, secret: int | None, now: float) -> None:
        """Count a verified delivery, and note which secret the git host showed, None for none."""
        hook, seen = self.current.get(name), self.seen.get(name)
        if hook is None or seen is None:
            return
        seen.accepted += 1
        seen.last_at = now
        if secret is not None and secret < len(hook.secrets):
            seen.secrets_used_at[hook.secrets[secret]] = now

    def refused(self, name: str, reason: str, now: float) -> None:
        """Count a delivery that was refused."""
        if seen := self.seen.get(name):
            seen.refused, seen.last_refusal, seen.last_refused_at = seen.refused + 1, reason, now
