"""Who waits until every repository was looked at, and which looks are still missing.

In: askers, and looks as they end. Out: the answer for each asker whose last look came in.
"""

from dataclasses import dataclass, field

from thespian.actors import ActorAddress

from actors.messages import AllLooked, RepositoryLooked
from orchestrator.domain.snapshot import Synced


@dataclass(slots=True)
class _Waiting:
    asker: ActorAddress
    looked: dict[str, Synced] = field(default_factory=dict)


class Syncs:
    """Requests to look at everything, numbered from 1."""

    def __init__(self, repositories: list[str]) -> None:
        self._repositories = repositories
        self._last = 0
        self._waiting: dict[int, _Waiting] = {}

    def begin(self, asker: ActorAddress) -> int:
        """Note who asks; returns the number that the looks carry back."""
        self._last += 1
        self._waiting[self._last] = _Waiting(asker)
        return self._last

    def looked(self, message: RepositoryLooked) -> tuple[tuple[ActorAddress, AllLooked], ...]:
        """Note a look, which began after every request up to its number; returns what can be answered."""
        for number, waiting in self._waiting.items():
            if number <= message.number:
                waiting.looked[message.repository] = Synced(message.repository, message.problem)
        done = [n for n, waiting in self._waiting.items() if len(waiting.looked) == len(self._repositories)]
        return tuple(self._answer(self._waiting.pop(number)) for number in done)

    def _answer(self, waiting: _Waiting) -> tuple[ActorAddress, AllLooked]:
        return waiting.asker, AllLooked(tuple(waiting.looked[name] for name in self._repositories))
