"""The composition root: builds every part, starts them in order, stops them in exact reverse.

In: settings. Out: a running daemon until SIGTERM or SIGINT, then an exit status.
"""

from orchestrator.daemon.run import run

__all__ = ["run"]
