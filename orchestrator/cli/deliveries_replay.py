"""deliveries replay: read deliveries once more, and tell the daemon what they say."""

import sys
from typing import Annotated

import typer

from orchestrator.cli import completion, options
from orchestrator.cli.deliveries import note, told
from orchestrator.cli.forwarder_client import open_forwarder
from orchestrator.cli.output import chosen, emit
from orchestrator.cli.table import Table, show
from orchestrator.domain.delivery import DeliveryView, State

_SECONDS = 30
_HEADER = ("DELIVERY", "HOOK", "STATE", "REPOSITORY", "BRANCH", "NOTE")
_DONE = (State.FORWARDED, State.IGNORED)

Numbers = Annotated[
    list[int], typer.Argument(metavar="DELIVERY...", help="Their numbers.", autocompletion=completion.delivery_numbers)
]


def replay(
    context: typer.Context,
    numbers: Numbers,
    forwarder_socket: options.ForwarderSocket = None,
    output: options.Form = None,
    quiet: options.Quiet = False,
) -> None:
    """Read deliveries once more, with the hooks of now, and forward what they say; waits for the daemon.

    That is of use after a repository was added to the settings, or a newer version understands more. Git is asked what
    is true now, so an old delivery does no harm. Exit code 1 if one was refused, is dead, or still waits.

    \b
    Examples:
      anabranch deliveries replay 41
      anabranch deliveries replay $(anabranch deliveries --failed -q)
    """
    form = chosen(output, quiet=quiet)
    forwarder = open_forwarder(context, forwarder_socket)
    for number in numbers:
        forwarder.replay(number)
    found = tuple(forwarder.delivery(number, settled=_SECONDS) for number in numbers)
    emit(form, found, [str(each.delivery) for each in found], lambda: show(Table(_HEADER, tuple(map(_row, found)))))
    if any(each.state is State.PARSED for each in found):
        print(f"waits: {forwarder.deliveries(limit=1).trouble or 'the daemon was not asked yet'}", file=sys.stderr)
    raise typer.Exit(0 if all(each.state in _DONE for each in found) else 1)


def _row(view: DeliveryView) -> tuple[str, ...]:
    return str(view.delivery), view.hook, view.state, *told(view.hints), note(view)
