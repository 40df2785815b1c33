"""The paths of the last commit events through the actors, in memory: what `anabranch actors trace` shows.

In: steps of handlers whose message has a trace, and what happened meanwhile, from any thread. Out: a `TraceView` by
delivery or commit. The oldest trace is forgotten for a new one, and of a long one only the beginning is kept.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock

from orchestrator.domain.machine_room import StepView, TraceView

TRACES = 200
STEPS = 300
"""At most so many of one trace: memory stays within some 20 MB, whatever is sent here."""
SHORTEST = 4
"""Characters of a commit's id, as in git."""


@dataclass(slots=True)
class _Trail:
    began: float
    carried: dict[str, str] = field(default_factory=dict)
    steps: list[StepView] = field(default_factory=list)
    left_out: int = 0


class Trails:
    """The last traces by their name."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._trails: OrderedDict[str, _Trail] = OrderedDict()

    def note(self, trace: str, step: StepView) -> None:
        """Add a step; without a trace there is nothing to add it to."""
        if not trace:
            return
        with self._lock:
            trail = self._open(trace, step.at)
            if len(trail.steps) < STEPS:
                trail.steps.append(step)
            else:
                trail.left_out += 1

    def carry(self, trace: str, commit: str, text: str) -> None:
        """Note which commit a trace is about, and say it in words."""
        with self._lock:
            trail = self._trails.get(trace)
            if trail and len(trail.carried) < STEPS:
                trail.carried[commit] = text

    def find(self, text: str) -> TraceView | None:
        """Show the newest trace that carries a commit whose id begins so, unless `text` names a delivery."""
        with self._lock:
            carrying = self._carrying(text) if len(text) >= SHORTEST else ()
            if text in self._trails and text not in carrying:
                return self._view(text)
            return self._view(carrying[0]) if carrying else None

    def names(self) -> tuple[str, ...]:
        """The traces that are kept, newest first."""
        with self._lock:
            return tuple(reversed(self._trails))

    def _carrying(self, text: str) -> tuple[str, ...]:
        trails = reversed(self._trails.items())
        return tuple(trace for trace, trail in trails if any(commit.startswith(text) for commit in trail.carried))

    def _open(self, trace: str, at: float) -> _Trail:
        if trace not in self._trails:
            self._trails[trace] = _Trail(at)
            while len(self._trails) > TRACES:
                self._trails.popitem(last=False)
        return self._trails[trace]

    def _view(self, trace: str) -> TraceView:
        trail = self._trails[trace]
        steps = tuple(sorted(trail.steps, key=lambda step: step.at))
        return TraceView(trace, trail.began, tuple(trail.carried.values()), steps, trail.left_out)
