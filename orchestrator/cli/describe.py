"""describe: everything about one environment, one service or one release, on one page."""

import time
from typing import Annotated

import typer

from orchestrator.cli import completion, options, page
from orchestrator.cli.history import name
from orchestrator.cli.output import Output, chosen, emit
from orchestrator.cli.session import Session, open_session, parse, releases_of
from orchestrator.cli.usage import WrongUsage
from orchestrator.domain.naming import ServiceId
from orchestrator.domain.snapshot import EnvironmentView, ServiceView
from orchestrator.errors import NotFound

What = Annotated[
    str | None,
    typer.Argument(
        metavar="ENVIRONMENT|[ENVIRONMENT:]SERVICE[@RELEASE]",
        help="What to describe; default: the environment that is meant.",
        autocompletion=completion.all_names,
    ),
]


def describe(
    context: typer.Context,
    what: What = None,
    environment: options.Environment = None,
    output: options.Form = None,
    quiet: options.Quiet = False,
) -> None:
    """Show everything about one thing.

    That is an environment (which repositories were looked at, what is wrong), a service, or a release. A bare word is
    a service of the environment named with -n; without -n it is an environment if there is one of that name, else a
    service.

    \b
    Examples:
      anabranch describe bugfix
      anabranch describe bugfix:web
      anabranch -n bugfix describe web
      anabranch describe bugfix:web@v3
    """
    form = chosen(output, quiet=quiet)
    session = open_session(context, environment)
    view = _environment(session, what)
    if view or what is None:
        found = view or session.environment()
        emit(form, found, [found.environment], lambda: print(page.environment(found, time.time())))
    else:
        _describe_service(form, session, parse(what))


def _describe_service(form: Output, session: Session, wanted: ServiceId) -> None:
    service = session.find(wanted)
    if wanted.version:
        entry = releases_of(session.daemon.history(service), wanted)[0]
        emit(form, entry, [name(entry)], lambda: print(page.release(service, entry, time.time())))
    else:
        emit(
            form,
            service,
            [service.name],
            lambda: print(page.service(service, _problems(session, service), time.time())),
        )


def _problems(session: Session, service: ServiceView) -> tuple[str, ...]:
    """Say why a newer commit of the service's repository is not deployed here."""
    lines = session.daemon.environment(service.environment).problems
    return tuple(line for line in lines if service.present and line.startswith(f"{service.repository}@"))


def _environment(session: Session, what: str | None) -> EnvironmentView | None:
    """Find the environment that a bare word names, if it may name one."""
    if what is None or ":" in what or session.named:
        return None
    try:
        return session.daemon.environment(what)
    except NotFound:
        if not _is_service(session, what):
            raise
        return None


def _is_service(session: Session, text: str) -> bool:
    try:
        session.find(parse(text))
    except (NotFound, WrongUsage):
        return False
    return True
