"""Where the daemon's unix socket is.

In: what was said, the environment's variables, the settings file that a daemon started here would read. Out: a path.
"""

from collections.abc import Mapping
from pathlib import Path

from orchestrator import settings_file

_SYSTEM = Path("/run/anabranch/api.sock")
_VARIABLE = "ANABRANCH_SETTINGS__API__SOCKET"


def find(given: Path | None, environ: Mapping[str, str]) -> Path:
    """Name the socket: the given one, that of the settings, the user's own when there is one, the system's."""
    return places(given, environ)[-1]


def places(given: Path | None, environ: Mapping[str, str]) -> tuple[Path, ...]:
    """Name where the socket is looked for; the last one is it."""
    said = given or _set(environ)
    if said:
        return (said,)
    runtime = environ.get("XDG_RUNTIME_DIR", "")
    if not runtime:
        return (_SYSTEM,)
    own = Path(runtime) / "anabranch" / "api.sock"
    return (own,) if own.exists() else (own, _SYSTEM)


def _set(environ: Mapping[str, str]) -> Path | None:
    file = settings_file.find(None, environ)
    text = environ.get(_VARIABLE) or (_read(file) if file else "")
    return (file.parent if file else Path()) / Path(text).expanduser() if text else None


def _read(file: Path) -> str:
    """Read `api.socket`; a file that cannot be used is the daemon's affair."""
    from orchestrator.domain import guarded_yaml
    from orchestrator.errors import AnabranchError

    try:
        values = guarded_yaml.load(file.read_bytes(), file=str(file)).value
    except (OSError, AnabranchError):
        return ""
    api = values.get("api") if isinstance(values, dict) else None
    text = api.get("socket") if isinstance(api, dict) else None
    return text if isinstance(text, str) else ""
