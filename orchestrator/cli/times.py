"""Times for people, short and relative, and for machines, ISO 8601 in UTC. In: seconds since the epoch; 0 is never."""

from datetime import UTC, datetime

_UNITS = ((86400, "d"), (3600, "h"), (60, "m"), (1, "s"))


def ago(at: float, now: float) -> str:
    """Say how long ago: `12s`, `4h`; empty for never."""
    return lasting(now - at) if at else ""


def lasting(seconds: float) -> str:
    """Say how long in one unit: 90 seconds are `1m`."""
    for size, unit in _UNITS:
        if seconds >= size:
            return f"{int(seconds // size)}{unit}"
    return "0s"


def iso(at: float) -> str | None:
    """Write a moment as `2025-01-31T12:00:00.000Z`; None for never."""
    if not at:
        return None
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
