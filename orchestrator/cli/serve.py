"""Starting the daemon in this process."""

import os
import sys
from pathlib import Path


def serve(settings: Path | None, *, forwarder: bool) -> int:
    """Run the daemon, with a forwarder beside it if asked for, until it is told to stop; returns its exit code."""
    from orchestrator.daemon import run
    from orchestrator.settings import find, load

    loaded = load(settings, os.environ)
    file = find(settings, os.environ)
    return run(loaded, forwarder=_arguments(file) if forwarder and file and loaded.forwarder.address else ())


def _arguments(file: Path) -> tuple[str, ...]:
    """Write the command line of the forwarder; nothing is imported from the directory it is started in (-P)."""
    return (sys.executable, "-P", "-m", "orchestrator", "forwarder", "--settings", str(file.absolute()))
