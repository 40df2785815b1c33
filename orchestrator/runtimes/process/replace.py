"""Replace a file so that a reader, or the next start, sees the old text or the new one and never a part."""

import os
from pathlib import Path


def replace(path: Path, text: str, *, synced: bool) -> None:
    """Write `text` beside `path` and rename it; `synced` makes it survive a power loss. Raises OSError."""
    beside = path.with_name(path.name + ".new")
    with beside.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        if synced:
            os.fsync(file.fileno())
    beside.replace(path)
    if synced:
        _sync_directory(path.parent)


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
