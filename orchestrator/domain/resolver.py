"""What one service's file comes to here, worked out again only when something that it depends on is another.

In: what the service is in git, its overrides, its peers' answers. Out: the `Resolution` of `wiring.resolve`, and why
the runtime cannot run it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from orchestrator.domain.commit import Member
from orchestrator.domain.edit import overlaid
from orchestrator.domain.override import Override
from orchestrator.domain.wire import Answers
from orchestrator.domain.wiring import Resolution, resolve
from orchestrator.domain.workload import Workload


@dataclass(frozen=True, slots=True)
class Resolved:
    """A resolution; `refusal` is one line when the runtime cannot run the workload, overrides included."""

    resolution: Resolution = field(default_factory=Resolution)
    refusal: str = ""


class Resolver:
    """Remembers what it was asked last. `refuse` says in one line what of a workload cannot run."""

    def __init__(self, refuse: Callable[[Workload], str]) -> None:
        self._refuse = refuse
        self._asked: object = None
        self._found = Resolved()

    def resolve(self, member: Member | None, overrides: Sequence[Override], answers: Answers) -> Resolved:
        """Resolve every reference and variable; nothing where the branch does not define the service."""
        if member is None:
            return Resolved()
        workload = member.workload
        asked = (workload, overrides, answers, member.where)
        if asked != self._asked:
            found = Resolved(resolve(*asked), self._refuse(overlaid(workload, overrides)))
            self._asked, self._found = asked, found
        return self._found
