"""What this daemon keeps of itself in its state directory: its name among daemons, and a key that nobody else knows.

The state directory is locked by one daemon at a time, so whoever has the name is the only one to have it.
"""

import secrets
from pathlib import Path

from orchestrator.errors import Permanent


def identity(state: Path) -> str:
    """Read the name, or choose one. Raises Permanent when it cannot be kept."""
    return _kept(state / "identity", f"anabranch-{secrets.token_hex(8)}")


def key(state: Path) -> str:
    """Read the key, or choose one. Raises Permanent when it cannot be kept."""
    return _kept(state / "key", secrets.token_hex(32))


def _kept(file: Path, chosen: str) -> str:
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not file.exists():
            draft = file.with_suffix(".new")
            draft.touch(mode=0o600)
            draft.write_text(chosen)
            draft.replace(file)
        return file.read_text()
    except OSError as error:
        raise Permanent(f"{file}: cannot be kept: {error.strerror}; set another state") from error
