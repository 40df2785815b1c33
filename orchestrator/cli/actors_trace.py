"""actors trace: which way did a commit take, and where did the time go?"""

from typing import Annotated

import typer

from orchestrator.cli import options
from orchestrator.cli.output import chosen, emit
from orchestrator.cli.session import open_session
from orchestrator.cli.table import Table, show
from orchestrator.cli.times import exact
from orchestrator.domain.machine_room import StepView, TraceView
from orchestrator.domain.text import printable

_HEADER = ("AFTER", "ACTOR", "MESSAGE", "FROM", "TOOK", "NOTE")

Event = Annotated[
    str, typer.Argument(metavar="DELIVERY|COMMIT", help="The number of a delivery, or the beginning of a commit's id.")
]


def trace(context: typer.Context, which: Event, output: options.Form = None, quiet: options.Quiet = False) -> None:
    """Show the path of one commit event through all actors, from the forwarder's journal to Ready.

    The daemon remembers the last 200 deliveries, and commits that polling found, until it is started again.
    `anabranch describe` names the delivery of a release.

    \b
    Examples:
      anabranch actors trace 41
      anabranch actors trace 9f2c1ab
      anabranch actors trace 41 -o json
    """
    form = chosen(output, quiet=quiet)
    found = open_session(context).daemon.trace(which)
    emit(form, found, [step.address for step in found.steps if step.address], lambda: _show(found))


def _show(found: TraceView) -> None:
    carried = ", ".join(printable(text, 200) for text in found.carried) or "no head moved"
    print(f"{printable(found.trace, 200)}: {carried}{_outcome(found)}")
    show(Table(_HEADER, tuple(_row(step, found.began) for step in found.steps)))
    if found.left_out:
        print(f"+ {found.left_out} steps that are not kept")


def _outcome(found: TraceView) -> str:
    """Say how long it took until the last release was decided, if one was."""
    words = {"ReleaseReady": "Ready", "ReleaseFailed": "failed"}
    decided = [step for step in found.steps if step.message in words]
    return f": {words[decided[-1].message]} after {exact(decided[-1].at - found.began)}" if decided else ""


def _row(step: StepView, began: float) -> tuple[str, ...]:
    took = exact(step.took) if step.took else ""
    return (f"+{exact(step.at - began)}", step.actor, step.message, step.sender, took, step.note)
