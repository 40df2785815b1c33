"""Times for people, short and relative, and for machines, ISO 8601 in UTC. In: seconds since the epoch; 0 is never."""

from datetime import UTC, datetime

_UNITS = ((86400, "d"), (3600, "h"), (60, "m"), (1, "s"))
_PARTS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "us"))


def ago(at: float, now: float) -> str:
    """Say how long ago: `12s`, `4h`; empty for never."""
    return lasting(now - at) if at else ""


def lasting(seconds: float) -> str:
    """Say how long in one unit: 90 seconds are `1m`."""
    for size, unit in _UNITS:
        if seconds >= size:
            return f"{int(seconds // size)}{unit}"
    return "0s"


def exact(seconds: float) -> str:
    """Say how long in the unit that suits it, `40us`, `1.2ms`, `3.4s`; a minute and more as `lasting`."""
    if seconds >= 60:
        return lasting(seconds)
    for size, unit in _PARTS:
        if seconds >= size:
            return f"{seconds / size:.3g}{unit}"
    return "0s"


def iso(at: float) -> str | None:
    """Write a moment as `2025-01-31T12:00:00.000Z`; None for never."""
    if not at:
        return None
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
