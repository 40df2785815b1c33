"""hook reload: let a running forwarder read its hooks from the settings again."""

import sys

import typer

from orchestrator.cli import options
from orchestrator.cli.forwarder_client import open_forwarder
from orchestrator.cli.output import chosen, emit
from orchestrator.cli.table import Table, show


def reload(
    context: typer.Context,
    forwarder_socket: options.ForwarderSocket = None,
    output: options.Form = None,
    quiet: options.Quiet = False,
) -> None:
    """Let the running forwarder read its hooks and their secrets again, after you edited the settings.

    No delivery is refused meanwhile. If the settings cannot be used, it says why and serves the hooks of before.

    \b
    Examples:
      anabranch hook reload
    """
    form = chosen(output, quiet=quiet)
    done = open_forwarder(context, forwarder_socket).reload()
    rows = [(name, word) for word in ("added", "changed", "removed") for name in getattr(done, word)]
    emit(form, done, [name for name, _ in rows], lambda: show(Table(("HOOK", "CHANGE"), tuple(rows))))
    if not rows:
        print("the forwarder read its hooks again; none has changed", file=sys.stderr)
