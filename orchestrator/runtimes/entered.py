"""Which release a person enters: the newest one that is Ready, or the one that is named, however it is.

In: what runs, as a runtime tells it. Out: a number, or NotFound with what there is.
"""

from collections.abc import Sequence

from orchestrator.domain.status import Health
from orchestrator.domain.text import listed
from orchestrator.errors import NotFound
from orchestrator.runtimes import Running


def entered(running: Sequence[Running], environment: str, service: str, release: int | None) -> int:
    """Choose among the releases of a service. Raises NotFound when the one that is meant does not run."""
    there = [run for run in running if (run.environment, run.service) == (environment, service)]
    fit = [run.release for run in there if release == run.release or (release is None and run.health is Health.READY)]
    if fit:
        return max(fit)
    name = f"{environment}:{service}"
    if not there:
        raise NotFound(f"{name} does not run here (anabranch ps {name})")
    if release is not None:
        raise NotFound(f"{name} v{release} does not run; there are {listed([f'v{run.release}' for run in there])}")
    newest = max(run.release for run in there)
    raise NotFound(f"{name} has no release that is Ready; name one as it is: {name}@v{newest}, or see why: describe")
