"""What actors act through: the outside world, handed to each in its capabilities, never in a message."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from actors.roster import Roster
from actors.trails import Trails
from orchestrator.adapters.board import Board
from orchestrator.adapters.git import Mirror
from orchestrator.adapters.store import Store
from orchestrator.runtimes import Runtime
from orchestrator.settings import Settings

CAPABILITY = "anabranch.ports"


@dataclass(frozen=True, slots=True)
class Ports:
    """One of each. `clock` gives seconds since the epoch, `monotonic` seconds that never jump, `chance` 0 to 1."""

    settings: Settings
    mirrors: Mapping[str, Mirror]
    runtime: Runtime
    store: Store
    board: Board
    roster: Roster
    clock: Callable[[], float]
    monotonic: Callable[[], float]
    chance: Callable[[], float]
    trails: Trails = field(default_factory=Trails)
