"""What a person may change of a service's variables, checked before anything is written down.

In: the wanted changes and what is known of the service. Out: nothing, or Permanent or Conflict with one line.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from orchestrator.domain.mask import HIDDEN
from orchestrator.domain.override import Changes, Override, changed
from orchestrator.domain.secrecy import is_secret
from orchestrator.domain.standing import Standing
from orchestrator.domain.text import hidden, printable
from orchestrator.domain.wire import Answers
from orchestrator.domain.wiring import check_text, texts
from orchestrator.domain.workload import Workload
from orchestrator.errors import Conflict, NotFound, Permanent

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
_LONGEST_TEXT = 32 * 1024


def edited(
    standing: Standing, changes: Changes, revision: str, answers: Answers, now: float, by: str
) -> tuple[Workload, tuple[Override, ...]]:
    """Give the workload with the changes laid over it, and the overrides after them; empty `revision` fits any.

    Raises NotFound for a borrowed service, Conflict when `revision` is not what is there, Permanent as `check` does.
    """
    member, name = standing.member, f"{standing.environment}:{standing.service}"
    if member is None:
        raise NotFound(f"{name} is no service of its own to edit; it is borrowed")
    if revision not in ("", standing.resolution.revision):
        raise Conflict(f"{name} was changed meanwhile; look at it and edit again")
    check(member.workload, standing.overrides, changes, answers)
    after = changed(standing.overrides, changes, now, by)
    return overlaid(member.workload, after), after


def check(workload: Workload, overrides: Sequence[Override], changes: Changes, answers: Answers) -> None:
    """Raise Permanent if one of the changes cannot be made; the line names the variable, never its text."""
    edited = {o.variable for o in overrides}
    for name, text in changes:
        if not _NAME.fullmatch(name):
            raise Permanent(f'"{printable(name, 64)}" is no name of a variable; use letters, digits and _')
        if name.startswith("ANABRANCH_"):
            raise Permanent(f"{name}: variables that start with ANABRANCH_ are set by Anabranch itself")
        if text is not None:
            _check_text(workload, name, text, answers)
        elif name not in edited:
            raise Permanent(f"{name} is not edited, there is nothing to unset")


def _check_text(workload: Workload, name: str, text: str, answers: Answers) -> None:
    if len(text) > _LONGEST_TEXT:
        raise Permanent(f"{name}: longer than {_LONGEST_TEXT} characters")
    if hidden(text, prose=True):
        raise Permanent(f"{name}: holds a control or invisible character")
    if text == HIDDEN and is_secret(name, text):
        raise Permanent(f"{name}: {HIDDEN} stands for what is not shown; write the value itself")
    check_text(workload, name, text, answers)


def overlaid(workload: Workload, overrides: Sequence[Override]) -> Workload:
    """Give the workload with the overrides laid over its variables, as a runtime would be asked to run it."""
    return replace(workload, containers=tuple(replace(c, variables=texts(c, overrides)) for c in workload.containers))
