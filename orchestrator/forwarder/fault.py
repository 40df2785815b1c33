"""Why a delivery is not on disk."""

from orchestrator.errors import Temporary


class JournalFault(Temporary):
    """Nothing of this was written down for certain; the line says why."""
