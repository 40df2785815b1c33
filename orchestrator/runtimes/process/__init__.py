"""Services as processes of this machine: a runner process that owns them, and the client that gives it orders.

    client.py (in the daemon) ── orders, JSON lines over a socketpair ──► runner.py ─► fleet.py
    fleet.py ─► life.py ─► attempt.py ─► child.py   a release, its starts, their processes
             └► front.py ─► pipe.py                 a stable address and its connections

Nothing is isolated: one user, one file system, one loopback. Run here only branches that you would run by hand.
"""

from orchestrator.runtimes.process.client import ProcessRuntime
from orchestrator.runtimes.process.options import ProcessOptions

__all__ = ["ProcessOptions", "ProcessRuntime"]
