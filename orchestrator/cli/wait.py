"""wait: until everything here is Ready."""

import sys
import time
from dataclasses import dataclass

import typer

from orchestrator.cli import options
from orchestrator.cli.progress import Progress
from orchestrator.cli.session import Session, open_session
from orchestrator.domain.snapshot import EnvironmentView, ServiceView
from orchestrator.domain.status import Health
from orchestrator.domain.text import printable
from orchestrator.errors import NotFound, Permanent, Temporary

_LOOK_SECONDS = 0.5
_SECONDS = 300.0
_SETTLED_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Lack:
    """What is missing, in words; `settled` when only a push, an edit or a person changes it."""

    text: str
    settled: bool = False


def wait(
    context: typer.Context,
    services: options.Services = None,
    environment: options.Environment = None,
    timeout: options.Timeout = _SECONDS,
) -> None:
    """Wait until services are Ready. What does not exist yet is waited for, too; a borrowed service does not count.

    What failed ends the wait with exit code 1 once it has been so for 10 seconds, as the time limit does: a push that
    mends it may be on its way.

    \b
    Examples:
      anabranch -n bugfix wait
      anabranch -n bugfix wait web app --timeout 60
    """
    session = open_session(context, environment)
    deadline = time.monotonic() + timeout
    with Progress() as progress, session.daemon.watch() as changes:
        lack, since = Lack("begin"), time.monotonic()
        while now := _missing(session, tuple(services or ())):
            lack, since = (lack, since) if now == lack else (now, time.monotonic())
            if lack.settled and time.monotonic() - since >= _SETTLED_SECONDS:
                raise Permanent(f"not Ready: {lack.text}")
            if time.monotonic() >= deadline:
                raise Temporary(f"not Ready after {timeout:.0f} s: {lack.text}")
            progress.say(lack.text)
            changes.take(_LOOK_SECONDS)
        lasted = progress.lasted()
    print(f"Ready after {lasted}", file=sys.stderr)


def missing_in(services: tuple[ServiceView, ...]) -> Lack | None:
    """Say which services are not Ready, and why; None when all are."""
    lacking = [service for service in services if service.status is not Health.READY]
    text = "; ".join(f"{s.name} is {s.status}" + (f": {s.note}" if s.note else "") for s in lacking)
    return Lack(text, all(s.status is Health.DEGRADED for s in lacking)) if lacking else None


def _missing(session: Session, texts: tuple[str, ...]) -> Lack | None:
    try:
        return _of_services(session.services(texts)) if texts else _of_environment(session.environment())
    except NotFound as error:
        return Lack(printable(str(error)))


def _of_services(found: tuple[ServiceView, ...]) -> Lack | None:
    lacking = [service.name for service in found if not service.present]
    return Lack(f"{', '.join(lacking)}: none of its own yet, only a borrowed one") if lacking else missing_in(found)


def _of_environment(view: EnvironmentView) -> Lack | None:
    own = tuple(service for service in view.services if service.present)
    lack = missing_in(own)
    if lack is None and view.problems:
        return Lack(f"{view.environment} is Degraded: {view.problems[0]}", settled=True)
    return lack if own else Lack(f"{view.environment} has no service of its own", settled=True)
