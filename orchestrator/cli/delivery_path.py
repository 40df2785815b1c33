"""Which actors a delivery reached: the trace that the daemon keeps of it, in short.

In: a delivery, and the daemon. Out: each actor that handled something because of it, in order; or a note that says why
nothing is known.
"""

from dataclasses import dataclass

from orchestrator.cli.daemon_client import Daemon
from orchestrator.domain.delivery import DeliveryView, State
from orchestrator.errors import AnabranchError, NotFound


@dataclass(frozen=True, slots=True)
class Reached:
    """`actors` by their names, `note` what is not known."""

    actors: tuple[str, ...] = ()
    note: str = ""


def reached(daemon: Daemon, view: DeliveryView) -> Reached:
    """Ask the daemon; never raises."""
    if view.state is not State.FORWARDED:
        return Reached(note="nobody yet" if view.state in {State.JOURNALLED, State.PARSED} else "nobody")
    try:
        steps = daemon.trace(str(view.delivery)).steps
    except NotFound:
        return Reached(note="the daemon keeps no trace of it: a newer one told the same, or it was long ago")
    except AnabranchError as error:
        return Reached(note=f"the daemon acknowledged it; whom it told is not known here: {error}")
    return Reached(tuple(dict.fromkeys(step.actor for step in steps if step.actor)))
