"""daemon: the orchestrator alone."""

import typer

from orchestrator.cli import options


def daemon(settings: options.Settings = None) -> None:
    """Start the daemon alone, until Ctrl-C. Webhooks reach it through a forwarder somewhere else.

    \b
    Examples:
      anabranch daemon
      anabranch daemon --settings /etc/anabranch/anabranch.yaml
    """
    from orchestrator.cli.serve import serve

    raise typer.Exit(serve(settings, forwarder=False))
