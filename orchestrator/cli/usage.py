"""The error for a command line that cannot be meant."""

from orchestrator.errors import AnabranchError


class WrongUsage(AnabranchError):
    """What was typed does not fit together; exit code 2."""
