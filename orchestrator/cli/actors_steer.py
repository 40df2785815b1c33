"""actors pause, resume, step, restart, stop: steer one actor. Each is written down as an event, with who and why."""

from typing import Annotated

import typer

from orchestrator.cli import options
from orchestrator.cli.actor_choice import Which, find
from orchestrator.cli.output import Output, chosen, emit
from orchestrator.cli.session import open_session
from orchestrator.domain.text import printable

Why = Annotated[str, typer.Option("--why", metavar="TEXT", help="Why, for those who find it so; kept with the event.")]


def pause(
    context: typer.Context,
    which: Which,
    why: Why = "",
    environment: options.Environment = None,
    output: options.Form = None,
    quiet: options.Quiet = False,
) -> None:
    """Let an actor handle nothing more, until `resume`. Its messages wait; what it made keeps running.

    `ps` says so at whatever depends on it. A daemon that is started again forgets it, and so does an actor that ends.

    \b
    Examples:
      anabranch actors pause bugfix:web --why "looking at its wires"
      anabranch actors pause "repository web"
    """
    _steer(context, "pause", which, why, environment, output, quiet=quiet)


def resume(
    context: typer.Context,
    which: Which,
    why: Why = "",
    environment: options.Environment = None,
    output: options.Form = None,
    quiet: options.Quiet = False,
) -> None:
    """Let a paused actor go on, or bring a stopped one back.

    \b
    Examples:
      anabranch actors resume bugfix:web
      anabranch actors resume /A17
    """
    _steer(context, "resume", which, why, environment, output, quiet=quiet)


def step(
    context: typer.Context,
    which: Which,
    why: Why = "",
    environment: options.Environment = None,
    output: options.Form = None,
    quiet: options.Quiet = False,
) -> None:
    """Let a paused actor handle one message, the oldest that waits.

    \b
    Examples:
      anabranch actors step bugfix:web
      anabranch actors step /A17
    """
    _steer(context, "step", which, why, environment, output, quiet=quiet)


def restart(
    context: typer.Context,
    which: Which,
    why: Why = "",
    environment: options.Environment = None,
    output: options.Form = None,
    quiet: options.Quiet = False,
) -> None:
    """Let an actor and those below it begin anew, from git and the store. Mail that waits is kept; services run on.

    \b
    Examples:
      anabranch actors restart bugfix:web --why "stuck since the disk was full"
      anabranch actors restart "branch bugfix"
    """
    _steer(context, "restart", which, why, environment, output, quiet=quiet)


def stop(
    context: typer.Context,
    which: Which,
    why: Why = "",
    environment: options.Environment = None,
    output: options.Form = None,
    quiet: options.Quiet = False,
) -> None:
    """End an actor and those below it, and do not let it be made again before `resume`. Services run on.

    Meanwhile what is sent to it becomes a dead letter, new commits included: when it is back it learns what is wanted
    then. A parent that begins anew, or a daemon that is started again, brings it back too. The orchestrator itself
    cannot be stopped.

    \b
    Examples:
      anabranch actors stop "branch bugfix" --why "it takes the host down"
      anabranch actors stop bugfix:web
    """
    _steer(context, "stop", which, why, environment, output, quiet=quiet)


def _steer(
    context: typer.Context,
    verb: str,
    which: str,
    why: str,
    environment: str | None,
    output: Output | None,
    *,
    quiet: bool,
) -> None:
    form = chosen(output, quiet=quiet)
    session = open_session(context, environment)
    actor = find(session, session.daemon.actors(), which)
    done = session.daemon.steer(actor.address, verb, why)
    emit(form, done, [done.address], lambda: print(printable(done.text, 2000)))
