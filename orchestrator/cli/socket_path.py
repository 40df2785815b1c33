"""Where the unix sockets of the daemon and of the forwarder are.

In: what was said, the environment's variables, the settings file that a daemon started here would read. Out: paths.
"""

from collections.abc import Mapping
from pathlib import Path

from orchestrator import settings_file

_SYSTEM = Path("/run/anabranch/api.sock")
_FORWARDERS_OWN = Path("/run/anabranch-forwarder/forwarder.sock")
_BESIDE = "forwarder.sock"


def find(given: Path | None, environ: Mapping[str, str]) -> Path:
    """Name the socket: the given one, that of the settings, the user's own when there is one, the system's."""
    return places(given, environ)[-1]


def places(given: Path | None, environ: Mapping[str, str]) -> tuple[Path, ...]:
    """Name where the daemon's socket is looked for; the last one is it."""
    said = given or _set(environ, "api")
    if said:
        return (said,)
    runtime = environ.get("XDG_RUNTIME_DIR", "")
    if not runtime:
        return (_SYSTEM,)
    own = Path(runtime) / "anabranch" / "api.sock"
    return (own,) if own.exists() else (own, _SYSTEM)


def forwarder_places(given: Path | None, daemon: Path | None, environ: Mapping[str, str]) -> tuple[Path, ...]:
    """Name where the forwarder's socket is looked for: set, beside the daemon's, a unit's own; the last one is it."""
    said = given or _set(environ, "forwarder")
    if said:
        return (said,)
    beside = tuple(path.with_name(_BESIDE) for path in places(daemon, environ))
    found = next((at for at, path in enumerate(beside) if path.exists()), None)
    return (*beside, _FORWARDERS_OWN) if found is None else beside[: found + 1]


def _set(environ: Mapping[str, str], section: str) -> Path | None:
    file = settings_file.find(None, environ)
    text = environ.get(f"ANABRANCH_SETTINGS__{section.upper()}__SOCKET") or (_read(file, section) if file else "")
    return (file.parent if file else Path()) / Path(text).expanduser() if text else None


def _read(file: Path, section: str) -> str:
    """Read a section's `socket`; a file that cannot be used is the daemon's affair."""
    from orchestrator.domain import guarded_yaml
    from orchestrator.errors import AnabranchError

    try:
        values = guarded_yaml.load(file.read_bytes(), file=str(file)).value
    except (OSError, AnabranchError):
        return ""
    below = values.get(section) if isinstance(values, dict) else None
    text = below.get("socket") if isinstance(below, dict) else None
    return text if isinstance(text, str) else ""
