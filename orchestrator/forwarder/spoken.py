"""Hooks and limits as values that JSON holds, for the way into the receiver process; their secrets go with them.

In: hooks and limits. Out: plain values, and back.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from orchestrator.domain.webhook import Hook
from orchestrator.forwarder.options import Limits


def hook_to(hook: Hook) -> Mapping[str, Any]:
    """Write a hook out."""
    return asdict(hook) | {"secrets": [secret.hex() for secret in hook.secrets]}


def hook_from(given: Mapping[str, Any]) -> Hook:
    """Read a hook that `hook_to` wrote."""
    return Hook(**{**given, "secrets": tuple(bytes.fromhex(secret) for secret in given["secrets"])})


def limits_to(limits: Limits) -> Mapping[str, Any]:
    """Write limits out."""
    return asdict(limits)


def limits_from(given: Mapping[str, Any]) -> Limits:
    """Read limits that `limits_to` wrote."""
    return Limits(**given)
