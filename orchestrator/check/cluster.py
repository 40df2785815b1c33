"""Does the cluster answer, and may the daemon do there what it must?

In: settings. Out: a row for the cluster, and one for each right that is missing.
"""

from orchestrator.check.row import CheckRow
from orchestrator.errors import AnabranchError
from orchestrator.runtimes.kubernetes import rights
from orchestrator.runtimes.kubernetes.from_settings import options_of
from orchestrator.settings import Settings


def check_cluster(settings: Settings) -> tuple[CheckRow, ...]:
    """Ask for the version and for every right; nothing is made or changed."""
    options = options_of(settings)
    try:
        version, missing = rights.version(options), rights.missing(options)
    except AnabranchError as error:
        return (CheckRow("runtime", "kubernetes", "", ok=False, text=str(error)),)
    row = CheckRow("runtime", "kubernetes", version, ok=True, text="" if missing else "may do all that it must")
    lines = tuple(
        CheckRow("right", str(right), "", ok=False, text="is missing; give it to the daemon's account")
        for right in missing
    )
    return (row, *lines)
