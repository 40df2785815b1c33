"""logs: what do the services write?"""

import json
from contextlib import suppress
from typing import Annotated

import typer

from orchestrator.cli import completion, options
from orchestrator.cli.connection import Lines
from orchestrator.cli.output import Output
from orchestrator.cli.session import Session, open_session, parse, releases_of
from orchestrator.cli.times import iso
from orchestrator.cli.usage import WrongUsage
from orchestrator.domain.text import printable
from orchestrator.errors import Temporary

_LONGEST_LINE = 32768

Which = Annotated[
    str | None,
    typer.Argument(
        metavar="[ENVIRONMENT:]SERVICE[@RELEASE]",
        help="A service or one release of it; default: every service of the environment.",
        autocompletion=completion.services,
    ),
]
Follow = Annotated[bool, typer.Option("-f", "--follow", help="Go on with new lines; Ctrl-C ends it.")]
Tail = Annotated[int, typer.Option("--tail", min=0, max=100_000, help="How many of the last lines, for each service.")]
Times = Annotated[bool, typer.Option("-t", "--timestamps", help="Put the time before each line.")]


def logs(
    context: typer.Context,
    service: Which = None,
    environment: options.Environment = None,
    follow: Follow = False,
    tail: Tail = 100,
    timestamps: Times = False,
    output: options.Form = None,
) -> None:
    """Print what services wrote. With -o json it is an object on each line.

    \b
    Examples:
      anabranch logs bugfix:web
      anabranch logs bugfix:web@v4
      anabranch -n bugfix logs -f --tail 10
    """
    if output not in (None, Output.TABLE, Output.JSON):
        raise WrongUsage(f"logs are lines; -o {output} is of no use here: drop it, or write -o json")
    session = open_session(context, environment)
    named = service is None or follow
    with suppress(KeyboardInterrupt), _open(session, service, tail=tail, follow=follow) as lines:
        while (line := _next(lines)) is not None:
            if line:
                print(_shown(line, output, named=named, timestamps=timestamps), flush=follow)


def _open(session: Session, text: str | None, *, tail: int, follow: bool) -> Lines:
    if text is None:
        return session.daemon.logs(session.environment().environment, "-", release=0, tail=tail, follow=follow)
    wanted = parse(text)
    found = session.find(wanted)
    release = releases_of(session.daemon.history(found), wanted)[0].number if wanted.version else 0
    return session.daemon.logs(found.environment, found.service, release=release, tail=tail, follow=follow)


def _next(lines: Lines) -> bytes | None:
    try:
        return lines.take()
    except EOFError:
        return None


def _shown(line: bytes, output: Output | None, *, named: bool, timestamps: bool) -> str:
    said = json.loads(line)
    if "error" in said:
        raise Temporary(said["error"])
    if output is Output.JSON:
        return json.dumps({**said, "at": iso(said["at"])})
    name = f"{said['service']}@v{said['release']} | " if named else ""
    time = f"{iso(said['at'])} " if timestamps else ""
    return printable(f"{time}{name}{said['text']}", _LONGEST_LINE)
