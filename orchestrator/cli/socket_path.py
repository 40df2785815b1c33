"""Where the daemon's unix socket is, when nobody says."""

from collections.abc import Mapping
from pathlib import Path

_SYSTEM = Path("/run/anabranch/api.sock")


def find(given: Path | None, environ: Mapping[str, str]) -> Path:
    """Name the socket: the given one, the user's own when there is one, the system's."""
    if given:
        return given
    runtime = environ.get("XDG_RUNTIME_DIR", "")
    own = Path(runtime) / "anabranch" / "api.sock"
    return own if runtime and own.exists() else _SYSTEM
