"""Who is who in the machine room: each actor writes its name, what it does and its last failure here.

In: notes by actors, under their address, and the holds that people put on them. Out: copies for the gateway, taken
without asking any actor.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from threading import Lock

from orchestrator.domain.machine_room import Hold

REMEMBERED = 1000
"""Names of so many actors that have ended are kept, for traces and dead letters."""
PAUSED, STOPPED = "paused", "stopped"


@dataclass(frozen=True, slots=True)
class Note:
    """What an actor says of itself; `since` is when `detail` last changed, seconds since the epoch.

    `environment`, `service` and `repository` say what it looks after. `frames` are where `failure` happened at
    `failed_at`, the innermost last.
    """

    name: str
    detail: str = ""
    since: float = 0.0
    failure: str = ""
    failed_at: float = 0.0
    frames: tuple[str, ...] = ()
    restarts: int = 0
    environment: str = ""
    service: str = ""
    repository: str = ""


class Roster:
    """Dictionaries by address; single writes and whole copies are atomic under the interpreter's lock."""

    def __init__(self) -> None:
        self._notes: dict[str, Note] = {}
        self._restarts: dict[str, int] = {}
        self._names: dict[str, str] = {}
        self._lock = Lock()
        self._holds: dict[str, Hold] = {}
        self._held: Callable[[tuple[Hold, ...]], None] = lambda _holds: None

    def write(self, address: str, note: Note) -> None:
        """Replace the note of one actor, but for how often it was made again."""
        self._notes[address] = replace(note, restarts=self._restarts.get(address, 0))

    def restarted(self, address: str, times: int) -> None:
        """Note how often the actor at this address was made again."""
        self._restarts[address] = times

    def forget(self, address: str) -> None:
        """Strike an actor that has ended off; its name is remembered for a while, and that a person stopped it."""
        note = self._notes.pop(address, None)
        self._restarts.pop(address, None)
        if note:
            self._remember(address, note.name)
        if address in self._holds and self._holds[address].verb == PAUSED:
            self.release(address)

    def read(self) -> Mapping[str, Note]:
        """Copy all notes."""
        return self._notes.copy()

    def name_of(self, address: str) -> str:
        """Name the actor at an address, also for a while after its end; empty when it is not known."""
        note = self._notes.get(address)
        return note.name if note else self._names.get(address, "")

    def hold(self, address: str, hold: Hold) -> None:
        """Note that a person paused or stopped an actor."""
        self._change(lambda: self._holds.__setitem__(address, hold))

    def release(self, address: str) -> Hold | None:
        """Note that a hold is over; returns it."""
        found = self._holds.get(address)
        if found:
            self._change(lambda: self._holds.pop(address, None))
        return found

    def holds(self) -> Mapping[str, Hold]:
        """Copy all holds."""
        return self._holds.copy()

    def watch_holds(self, tell: Callable[[tuple[Hold, ...]], None]) -> None:
        """Call back with all holds whenever one begins or ends, from any thread."""
        self._held = tell

    def _remember(self, address: str, name: str) -> None:
        with self._lock:
            self._names[address] = name
            if len(self._names) > REMEMBERED:
                del self._names[next(iter(self._names))]

    def _change(self, change: Callable[[], object]) -> None:
        with self._lock:
            change()
            self._held(tuple(self._holds.values()))
