"""A daemon with two faults that no real one shows on demand: `faulty_daemon.py SETTINGS`.

The runtime breaks on releases of the environment `broken`, and the root on every look on demand while there is a file
`root-breaks` beside the settings. What fails begins anew at once instead of after seconds.
"""

import sys
from dataclasses import replace
from pathlib import Path

from actors.deployment import DeploymentActor
from actors.orchestrator import OrchestratorActor
from orchestrator.cli import main
from orchestrator.runtimes.memory import MemoryRuntime

SETTINGS = Path(sys.argv[1])
SOON = (0.01, 0.01)


def apply(self, release, apply=MemoryRuntime.apply):
    """Raise what nobody foresaw."""
    if release.environment == "broken":
        raise KeyError("nobody foresaw this")
    apply(self, release)


def look(self, message, sender, look=OrchestratorActor.receiveMsg_Sync):
    """Raise it in the root."""
    if (SETTINGS.parent / "root-breaks").exists():
        raise KeyError("nobody foresaw this")
    look(self, message, sender)


MemoryRuntime.apply = apply
OrchestratorActor.receiveMsg_Sync = look
for kind in (DeploymentActor, OrchestratorActor):
    kind.supervision = replace(kind.supervision, backoff=SOON)
sys.exit(main(["daemon", "--settings", str(SETTINGS)]))
