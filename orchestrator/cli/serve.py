"""Starting the daemon in this process."""

import os
from pathlib import Path


def serve(settings: Path | None, *, forwarder: bool) -> int:
    """Run the daemon until it is told to stop; returns its exit code."""
    from orchestrator.daemon import run
    from orchestrator.settings import load

    return run(load(settings, os.environ), forwarder=forwarder)
