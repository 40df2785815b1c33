"""wait: until everything here is Ready."""

import sys
import time

import typer

from orchestrator.cli import options
from orchestrator.cli.progress import Progress
from orchestrator.cli.session import Session, open_session
from orchestrator.domain.snapshot import ServiceView
from orchestrator.domain.status import Health
from orchestrator.domain.text import printable
from orchestrator.errors import NotFound, Temporary

_LOOK_SECONDS = 0.5
_SECONDS = 300.0


def wait(
    context: typer.Context,
    services: options.Services = None,
    environment: options.Environment = None,
    timeout: options.Timeout = _SECONDS,
) -> None:
    """Wait until services are Ready. What does not exist yet is waited for, too; a borrowed service does not count.

    A service that failed may still be mended by a push, so only the time limit ends the wait; the exit code is 1 then.

    \b
    Examples:
      anabranch -n bugfix wait
      anabranch -n bugfix wait web app --timeout 60
    """
    session = open_session(context, environment)
    deadline = time.monotonic() + timeout
    with Progress() as progress, session.daemon.watch() as changes:
        while missing := _missing(session, tuple(services or ())):
            if time.monotonic() >= deadline:
                raise Temporary(f"not Ready after {timeout:.0f} s: {missing}")
            progress.say(missing)
            while not changes.take(_LOOK_SECONDS) and time.monotonic() < deadline:
                progress.say(missing)
        lasted = progress.lasted()
    print(f"Ready after {lasted}", file=sys.stderr)


def missing_in(services: tuple[ServiceView, ...]) -> str:
    """Say which services are not Ready, and why; empty when all are."""
    return "; ".join(
        f"{service.name} is {service.status}" + (f": {service.note}" if service.note else "")
        for service in services
        if service.status is not Health.READY
    )


def _missing(session: Session, texts: tuple[str, ...]) -> str:
    try:
        found = session.services(texts)
    except NotFound as error:
        return printable(str(error))
    if texts:
        lacking = [service.name for service in found if not service.present]
        return f"{', '.join(lacking)}: none of its own yet, only a borrowed one" if lacking else missing_in(found)
    own = tuple(service for service in found if service.present)
    return missing_in(own) if own else "no services of its own yet"
