"""Who this daemon is among those that share a cluster: a name in its state directory, the same after a restart.

The state directory is locked by one daemon at a time, so whoever has the name is the only one to have it.
"""

import secrets
from pathlib import Path

from orchestrator.errors import Permanent

_FILE = "identity"


def identity(state: Path) -> str:
    """Read the name, or choose one. Raises Permanent when it cannot be kept."""
    file = state / _FILE
    try:
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not file.exists():
            draft = file.with_suffix(".new")
            draft.write_text(f"anabranch-{secrets.token_hex(8)}")
            draft.replace(file)
        return file.read_text()
    except OSError as error:
        raise Permanent(f"{file}: cannot be kept: {error.strerror}; set another state") from error
