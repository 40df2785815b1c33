"""Where the settings file is, when nobody says. Apart from the settings, so that commands find it without reading it.

In: a path that was given, the environment's variables. Out: a path, or None when there is no file.
"""

from collections.abc import Mapping
from pathlib import Path

CANDIDATES = (Path("anabranch.yaml"), Path("config/anabranch.yaml"), Path("/etc/anabranch/anabranch.yaml"))
"""Where a file is looked for, relative to the working directory, when none is named."""


def find(path: Path | None, environ: Mapping[str, str]) -> Path | None:
    """Name the settings file: the given one, else $ANABRANCH_SETTINGS_FILE, else the first candidate that exists."""
    named = path or (Path(text) if (text := environ.get("ANABRANCH_SETTINGS_FILE")) else None)
    return named or next((candidate for candidate in CANDIDATES if candidate.is_file()), None)
