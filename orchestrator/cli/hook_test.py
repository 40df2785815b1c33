"""hook test: send a signed delivery as the git host would, and say what is wrong on its way."""

import os
import time
import uuid
from typing import Annotated

import typer

from orchestrator.cli import completion, options
from orchestrator.cli.forwarder_client import open_forwarder
from orchestrator.cli.output import chosen, emit
from orchestrator.cli.table import Table, show

_HEADER = ("STEP", "WHERE", "STATUS", "NOTE")

Name = Annotated[str, typer.Argument(metavar="HOOK", help="Its name.", autocompletion=completion.hooks)]
Url = Annotated[
    str, typer.Option("--url", help="Where to send it; default: forwarder.url, else the forwarder on this machine.")
]
Repository = Annotated[
    str, typer.Option("--repository", "-r", metavar="THEIRS", help="Which of its repositories; default: the first.")
]


def test(
    context: typer.Context,
    name: Name,
    url: Url = "",
    repository: Repository = "",
    settings: options.Settings = None,
    forwarder_socket: options.ForwarderSocket = None,
    output: options.Form = None,
    quiet: options.Quiet = False,
) -> None:
    """Send a signed test delivery to a hook and follow it to the daemon; exit code 1 if it does not arrive.

    It is a push of a branch that need not exist: nothing comes of it but one look at the repository.

    \b
    Examples:
      anabranch hook test github
      anabranch hook test github --url https://hooks.example/hooks/github
    """
    from orchestrator.cli import hook_settings, hook_trial
    from orchestrator.settings import load

    form = chosen(output, quiet=quiet)
    loaded = load(hook_settings.settings_file(settings), os.environ)
    hook = hook_settings.find_hook(loaded, name)
    address = url or hook_settings.address(loaded, name)
    forwarder = open_forwarder(context, forwarder_socket)
    identity = f"anabranch-test-{uuid.uuid4()}"
    steps = hook_trial.attempt(hook, loaded, address, repository, forwarder, identity, time.time())
    rows = tuple((step.name, step.where, "ok" if step.ok else "FAILED", step.note) for step in steps)
    emit(form, steps, [step.name for step in steps if not step.ok], lambda: show(Table(_HEADER, rows)))
    raise typer.Exit(0 if all(step.ok for step in steps) else 1)
