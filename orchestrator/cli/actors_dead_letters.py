"""actors dead-letters: what did nobody handle, why, and again."""

import time
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated

import typer

from orchestrator.cli import options
from orchestrator.cli.actors_steer import Why
from orchestrator.cli.output import Output, chosen, emit
from orchestrator.cli.session import open_session
from orchestrator.cli.table import Table, show
from orchestrator.cli.times import ago
from orchestrator.cli.usage import WrongUsage
from orchestrator.domain.machine_room import DeadLetterView
from orchestrator.domain.text import printable
from orchestrator.errors import NotFound

_HEADER = ("LETTER", "WHEN", "REASON", "ACTOR", "MESSAGE", "FROM", "NOTE")


class Action(StrEnum):
    """What may stand before the number."""

    SHOW = "show"
    REPLAY = "replay"


What = Annotated[Action | None, typer.Argument(metavar="[show|replay]", help="Show one whole, or send it again.")]
Number = Annotated[int | None, typer.Argument(metavar="[NUMBER]", min=1, help="Which one, as the list numbers them.")]


def dead_letters(
    context: typer.Context,
    what: What = None,
    number: Number = None,
    why: Why = "",
    output: options.Form = None,
    quiet: options.Quiet = False,
) -> None:
    """List the messages that nobody handled, show one whole, or send it again.

    Reasons: its actor is dead, exiting or unknown, its mailbox was full, or the message was poison: the actor failed in
    it. The last 500 are kept until the daemon is started again. A replayed one goes to whoever has that name now.

    \b
    Examples:
      anabranch actors dead-letters
      anabranch actors dead-letters show 3
      anabranch actors dead-letters replay 3 --why "web is back"
    """
    form = chosen(output, quiet=quiet)
    daemon = open_session(context).daemon
    if (what is None) != (number is None):
        raise WrongUsage("say both what to do and to which letter: dead-letters show NUMBER, or replay NUMBER")
    if what is Action.REPLAY and number is not None:
        done = daemon.replay(number, why)
        emit(form, done, [done.address], lambda: print(printable(done.text, 2000)))
        return
    letters = daemon.dead_letters()
    if number is None:
        emit(form, letters, [str(letter.number) for letter in letters], lambda: show(_table(letters)))
    else:
        _show_one(form, letters, number)


def _show_one(form: Output, letters: Sequence[DeadLetterView], number: int) -> None:
    letter = next((each for each in letters if each.number == number), None)
    if letter is None:
        raise NotFound(f"no dead letter {number} (anabranch actors dead-letters)")
    emit(form, letter, [str(number)], lambda: print(_page(letter)))


def _table(letters: Sequence[DeadLetterView]) -> Table:
    return Table(_HEADER, tuple(_row(letter, time.time()) for letter in letters))


def _row(letter: DeadLetterView, now: float) -> tuple[str, ...]:
    note = letter.failure or " ".join(letter.fields)
    who = (letter.actor, letter.message, letter.sender)
    return (str(letter.number), ago(letter.at, now), letter.reason, *who, note)


def _page(letter: DeadLetterView) -> str:
    facts = (
        ("to", f"{letter.actor} ({letter.address})"),
        ("from", letter.sender),
        ("when", f"{ago(letter.at, time.time())} ago"),
        ("reason", letter.reason),
        ("failure", letter.failure),
        ("trace", letter.trace),
        *(("" if index else "holds", field) for index, field in enumerate(letter.fields)),
        ("try", f"anabranch actors dead-letters replay {letter.number}"),
    )
    lines = [f"{letter.number}  {letter.message}", *(f"  {label:10}{fact}" for label, fact in facts if fact)]
    return "\n".join(printable(line, 2000) for line in lines)
