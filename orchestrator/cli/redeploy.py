"""redeploy: the same commit once more."""

import typer

from orchestrator.cli import options, rollout
from orchestrator.cli.session import open_session


def redeploy(
    context: typer.Context,
    service: options.Service,
    environment: options.Environment = None,
    no_wait: options.NoWait = False,
    timeout: options.Timeout = rollout.SECONDS,
) -> None:
    """Release the same commit once more. The new release is followed until it is Ready or failed.

    \b
    Examples:
      anabranch -n bugfix redeploy web
      anabranch redeploy bugfix:web --no-wait
    """
    session = open_session(context, environment)
    edited = session.daemon.redeploy(session.own_service(service))
    rollout.announce(edited)
    if not no_wait:
        rollout.follow(session.daemon, edited, timeout)
