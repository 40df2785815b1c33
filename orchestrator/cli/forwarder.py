"""forwarder: the receiver of webhooks alone."""

import os

import typer

from orchestrator.cli import options


def forwarder(settings: options.Settings = None) -> None:
    """Start the forwarder alone, until Ctrl-C. It takes webhooks, and tells the daemon, here or elsewhere.

    \b
    Examples:
      anabranch forwarder
      anabranch forwarder --settings /etc/anabranch/anabranch.yaml
    """
    from orchestrator.forwarder.from_settings import run
    from orchestrator.settings import load

    raise typer.Exit(run(lambda: load(settings, os.environ)))
