"""deliveries show: one delivery: its headers, the verdict on it, what it became, and whom it reached."""

import time
from typing import Annotated

import typer

from orchestrator.cli import completion, options
from orchestrator.cli.deliveries import branch
from orchestrator.cli.delivery_path import Reached, reached
from orchestrator.cli.forwarder_client import open_forwarder
from orchestrator.cli.output import chosen, emit
from orchestrator.cli.session import open_session
from orchestrator.cli.times import ago
from orchestrator.domain.delivery import DeliveryView, HintView, State
from orchestrator.domain.text import printable

_LONGEST_LINE = 2000
_VERDICTS = {
    State.JOURNALLED: "signature good; on disk, not read yet",
    State.PARSED: "signature good; waits for the daemon",
    State.FORWARDED: "signature good; the daemon acknowledged it",
    State.IGNORED: "signature good; nothing to do",
    State.REFUSED: "signature good, but not for this hook",
    State.DEAD: "signature good, but not understood",
}

Number = Annotated[
    int, typer.Argument(metavar="DELIVERY", min=1, help="Its number.", autocompletion=completion.delivery_numbers)
]


def show(
    context: typer.Context,
    number: Number,
    forwarder_socket: options.ForwarderSocket = None,
    output: options.Form = None,
    quiet: options.Quiet = False,
) -> None:
    """Show one delivery: headers, verdict, what it became, which actors it reached.

    \b
    Examples:
      anabranch deliveries show 41
      anabranch deliveries show 41 -o json
    """
    form = chosen(output, quiet=quiet)
    view = open_forwarder(context, forwarder_socket).delivery(number)
    path = reached(open_session(context).daemon, view)
    emit(form, {"delivery": view, "reached": path}, [str(number)], lambda: print(page(view, path, time.time())))


def page(view: DeliveryView, path: Reached, now: float) -> str:
    """Everything about a delivery, a fact on each line."""
    facts = (
        ("from", f"hook {view.hook}, {ago(view.received_at, now) or '0s'} ago, {_size(view.bytes)}"),
        ("id", view.sender_id or "the sender gave none"),
        ("verdict", _VERDICTS[view.state] + (f": {view.reason}" if view.reason else "")),
        ("", f"{view.times} such deliveries came; the first stays" if view.times > 1 else ""),
        ("", "its id came before with another body" if view.conflict else ""),
        *_several("headers", [f"{each.name}: {each.value}" for each in view.headers]),
        *_several("became", [_became(each) for each in view.hints] or ["nothing that the daemon is told of"]),
        *_several("reached", [*path.actors, path.note]),
        ("try", f"anabranch deliveries replay {view.delivery}{_trace(view, path)}"),
    )
    lines = [f"delivery {view.delivery}   {view.state}", *(f"  {label:10}{fact}" for label, fact in facts if fact)]
    return "\n".join(printable(line, _LONGEST_LINE) for line in lines)


def _became(told: HintView) -> str:
    where = f"branch {branch(told)} of {told.repository}" if told.ref else f"every branch of {told.repository}"
    gone = ", which it says is gone" if told.deleted else ""
    return f"look at {where}{gone}" + (f"; {told.pull}" if told.pull else "")


def _trace(view: DeliveryView, path: Reached) -> str:
    return f" · anabranch actors trace {view.delivery}" if path.actors else ""


def _several(label: str, lines: list[str]) -> tuple[tuple[str, str], ...]:
    return tuple((label if not index else "", line) for index, line in enumerate(lines))


def _size(size: int) -> str:
    return f"{size} bytes" if size else "its body was forgotten"
