"""up: daemon and forwarder in one command."""

import typer

from orchestrator.cli import options


def up(settings: options.Settings = None) -> None:
    """Start daemon and forwarder here, until Ctrl-C.

    \b
    Examples:
      anabranch up
      anabranch up --settings config/anabranch.yaml
    """
    from orchestrator.cli.serve import serve

    raise typer.Exit(serve(settings, forwarder=True))
