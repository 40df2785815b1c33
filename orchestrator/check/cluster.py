"""Does the cluster answer, and may the daemon do there what it must?

In: settings. Out: a row for the cluster, one for each thing that is not there and each right that is missing, and one
that says whether the apiserver keeps out a daemon that another one has replaced.
"""

from orchestrator.check.row import CheckRow
from orchestrator.errors import AnabranchError
from orchestrator.runtimes.kubernetes import fence, needs, rights
from orchestrator.runtimes.kubernetes.failure import Forbidden
from orchestrator.runtimes.kubernetes.from_settings import options_of
from orchestrator.runtimes.kubernetes.options import KubernetesOptions
from orchestrator.settings import Settings


def check_cluster(settings: Settings) -> tuple[CheckRow, ...]:
    """Ask for the version and for every right, and try what has to be refused; nothing is made or changed."""
    options = options_of(settings)
    try:
        version, lacks, missing = rights.version(options), needs.lacks(options), rights.missing(options)
    except AnabranchError as error:
        return (CheckRow("runtime", "kubernetes", "", ok=False, text=str(error)),)
    row = CheckRow("runtime", "kubernetes", version, ok=True, text="" if missing else "may do all that it must")
    lines = tuple(
        CheckRow("right", str(right), "", ok=False, text="is missing; give it to the daemon's account")
        for right in missing
    )
    absent = (CheckRow(kind, name, "", ok=False, text=text) for (kind, name), text in lacks.items())
    return (row, *absent, *lines, *_fence(options))


def _fence(options: KubernetesOptions) -> tuple[CheckRow, ...]:
    """An account that may not even make namespaces is told so by its missing rights."""
    try:
        ok, text = True, fence.lack(options)
    except Forbidden:
        return ()
    except AnabranchError as error:
        ok, text = False, str(error)
    return (CheckRow("one writer", "anabranch-one-writer", "", ok=ok, text=text or "the apiserver sees to it"),)
