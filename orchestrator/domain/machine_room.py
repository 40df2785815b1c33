"""The machine room as readers see it, beside its `ActorView`s: timings, dead letters, traces, who holds what.

In: what the engine and the actors tell of themselves. Out: these records, as JSON through the API, to the command line.
Points in time are seconds since the epoch, UTC; everything else that measures time is seconds.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Spread:
    """How a duration was spread: `counts` of those up to each of the engine's bounds, and of those beyond the last."""

    count: int = 0
    seconds: float = 0.0
    p50: float = 0.0
    p99: float = 0.0
    bounds: tuple[float, ...] = ()
    counts: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class KindView:
    """All actors of one kind together, since the start: how many live, what waits for them, how they did."""

    kind: str
    actors: int
    waiting: int
    restarts: int
    handlers: Spread


@dataclass(frozen=True, slots=True)
class EngineView:
    """The engine as a whole since its start.

    `dead_letters` are pairs of reason and number. `delays` is what messages wait for a worker, `delay` what one waits
    at this moment.
    """

    actors: int
    handled: int
    failures: int
    restarts: int
    dead_letters: tuple[tuple[str, int], ...]
    workers: int
    running: int
    blocked: int
    hung: int
    timers: int
    kinds: tuple[KindView, ...]
    delays: Spread
    delay: float


@dataclass(frozen=True, slots=True)
class DeadLetterView:
    """A message that nobody handled. `fields` are the parts of it that name something, never what variables hold."""

    number: int
    at: float
    reason: str
    failure: str
    actor: str
    address: str
    sender: str
    message: str
    fields: tuple[str, ...]
    trace: str


@dataclass(frozen=True, slots=True)
class StepView:
    """One step of a trace: `actor` handled `message` of `sender` in `took` seconds, or something happened (`note`)."""

    at: float
    actor: str
    address: str
    message: str
    sender: str = ""
    took: float = 0.0
    note: str = ""


@dataclass(frozen=True, slots=True)
class TraceView:
    """What followed from one commit event, in order; `trace` is the delivery, or the commit where polling found it.

    `carried` names the heads that moved, `web@bugfix 9f2c1ab…`; `left_out` counts steps beyond those that are kept.
    """

    trace: str
    began: float
    carried: tuple[str, ...]
    steps: tuple[StepView, ...]
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class Hold:
    """An actor that a person paused or stopped (`verb`); `kind` and the names say what depends on it.

    `parent` is the address of the actor above it.
    """

    verb: str
    at: float
    by: str
    why: str
    kind: str
    name: str
    environment: str = ""
    service: str = ""
    repository: str = ""
    parent: str = ""

    @property
    def text(self) -> str:
        """Say in words who holds what, and why."""
        return f"{self.name} is {self.verb} by {self.by or 'somebody'}" + (f": {self.why}" if self.why else "")


@dataclass(frozen=True, slots=True)
class Steered:
    """The answer to a request to steer an actor: what came of it, in one line."""

    address: str
    name: str
    text: str
