"""Following a roll-out until the release is Ready or failed.

In: the answer to an edit or redeploy, and the pictures that follow. Out: progress, then a line; an error if it failed.
"""

import sys
import time
from dataclasses import dataclass
from enum import Enum

from orchestrator.cli.daemon_client import Change, Daemon, Removed
from orchestrator.cli.progress import Progress
from orchestrator.domain.snapshot import Edited, EnvironmentView, EventView, ServiceView
from orchestrator.domain.status import Health
from orchestrator.domain.text import printable
from orchestrator.errors import AnabranchError, Permanent, Temporary

SECONDS = 300.0
_LOOK_SECONDS = 0.5


class Outcome(Enum):
    """Where a roll-out stands."""

    GOING_ON = 0
    READY = 1
    FAILED = 2


@dataclass(frozen=True, slots=True)
class Step:
    """A roll-out at one moment, in words."""

    outcome: Outcome
    text: str


def announce(edited: Edited) -> None:
    """Print what a request led to: `bugfix:web v5 (edit: LOG_LEVEL debug -> info)`."""
    print(printable(f"{edited.environment}:{edited.service} {edited.text}", 2000), flush=True)


def follow(daemon: Daemon, edited: Edited, seconds: float = SECONDS) -> None:
    """Wait until the release is Ready. Raises Permanent when it failed, Temporary when time is up or on Ctrl-C."""
    latest = Step(Outcome.GOING_ON, "asking for its state")
    deadline = time.monotonic() + seconds
    with Progress() as progress:
        try:
            with daemon.watch(edited.environment) as changes:
                while latest.outcome is Outcome.GOING_ON and time.monotonic() < deadline:
                    latest = _after(changes.take(_LOOK_SECONDS), edited, latest)
                    if latest.outcome is Outcome.GOING_ON:
                        progress.say(f"{edited.environment}:{edited.service} {latest.text}")
        except KeyboardInterrupt:
            raise _goes_on(edited, "stopped looking") from None
        lasted = progress.lasted()
    if latest.outcome is Outcome.GOING_ON:
        raise _goes_on(edited, f"not Ready after {seconds:.0f} s")
    if latest.outcome is Outcome.FAILED:
        raise _failed(edited, latest)
    print(printable(f"{edited.environment}:{edited.service} {latest.text} after {lasted}"), file=sys.stderr)


def judge(service: ServiceView, release: int) -> Step:
    """Say where the roll-out of `release` (0: whichever comes) or of a newer one stands."""
    pending, serving = service.pending, service.serving
    if pending and pending.number >= release:
        failed = pending.status == "Failed"
        keeps = f"; v{serving.number} serves" if serving else ""
        reason = pending.reason or ("no reason given" if failed else "starting")
        text = f"v{pending.number} failed: {reason}{keeps}" if failed else f"v{pending.number} {reason}{keeps}"
        return Step(Outcome.FAILED if failed else Outcome.GOING_ON, text)
    if serving and serving.number >= release:
        return _serving(service, serving.number)
    return Step(Outcome.GOING_ON, service.note or "is being made")


def _serving(service: ServiceView, number: int) -> Step:
    outcomes = {Health.READY: Outcome.READY, Health.DEGRADED: Outcome.FAILED}
    outcome = outcomes.get(service.status, Outcome.GOING_ON)
    note = f": {service.note}" if service.note and outcome is not Outcome.READY else ""
    return Step(outcome, f"v{number} {service.status}{note}")


def _after(change: Change | None, edited: Edited, latest: Step) -> Step:
    if isinstance(change, Removed):
        return Step(Outcome.FAILED, "is gone: its environment was removed")
    if change is None or isinstance(change, EventView):
        return latest
    return _in(change, edited)


def _in(view: EnvironmentView, edited: Edited) -> Step:
    for service in view.services:
        if service.service == edited.service and service.present:
            return judge(service, edited.release)
    return Step(Outcome.FAILED, "is gone: it left the environment")


def _failed(edited: Edited, step: Step) -> AnabranchError:
    name = f"{edited.environment}:{edited.service}"
    return Permanent(f"{name} {step.text} (anabranch describe {name})")


def _goes_on(edited: Edited, why: str) -> AnabranchError:
    name = f"{edited.environment}:{edited.service}"
    return Temporary(f"{name} {why}; the roll-out goes on without you (anabranch ps {name})")
