"""Who is who in the machine room: each actor writes its name, what it does and its last failure here.

In: notes by actors, under their address. Out: a copy of all notes for the gateway, taken without asking any actor.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Note:
    """What an actor says of itself; `since` is when `detail` last changed, seconds since the epoch."""

    name: str
    detail: str = ""
    since: float = 0.0
    failure: str = ""
    restarts: int = 0


class Roster:
    """A dictionary of notes by address; single writes and whole copies are atomic under the interpreter's lock."""

    def __init__(self) -> None:
        self._notes: dict[str, Note] = {}
        self._restarts: dict[str, int] = {}

    def write(self, address: str, note: Note) -> None:
        """Replace the note of one actor, but for how often it was made again."""
        self._notes[address] = replace(note, restarts=self._restarts.get(address, 0))

    def restarted(self, address: str, times: int) -> None:
        """Note how often the actor at this address was made again."""
        self._restarts[address] = times

    def forget(self, address: str) -> None:
        """Strike an actor that has ended off."""
        self._notes.pop(address, None)
        self._restarts.pop(address, None)

    def read(self) -> Mapping[str, Note]:
        """Copy all notes."""
        return self._notes.copy()
