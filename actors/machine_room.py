"""The machine room as readers see it: the engine's records and the actors' own notes, joined by address.

In: a snapshot of the engine, which stops nobody, and the roster. Out: `ActorView`s, parents before children.
"""

from collections.abc import Mapping

from thespian.actors import ActorSystem

from actors.engine import ActorRecord, snapshot
from actors.roster import STOPPED, Note, Roster
from orchestrator.domain.machine_room import Hold
from orchestrator.domain.snapshot import ActorView


def picture(system: ActorSystem, roster: Roster, now: float) -> tuple[ActorView, ...]:
    """Show every actor, in the order of the tree; `now` is seconds since the epoch."""
    notes, holds = roster.read(), roster.holds()
    below: dict[str, list[ActorRecord]] = {}
    records = snapshot(system)
    known = {r.address for r in records}
    for record in records:
        below.setdefault(record.parent if record.parent in known else "", []).append(record)
    living = tuple(_view(r, notes, holds, now) for r in _tree(below))
    stopped = tuple(_stopped(a, h, now) for a, h in holds.items() if h.verb == STOPPED and a not in known)
    return (*living, *stopped)


def _tree(below: Mapping[str, list[ActorRecord]]) -> list[ActorRecord]:
    """Walk depth first without recursion: the tree may be deep."""
    ordered: list[ActorRecord] = []
    waiting = list(reversed(below.get("", [])))
    while waiting:
        record = waiting.pop()
        ordered.append(record)
        waiting += reversed(below.get(record.address, []))
    return ordered


def kind_of(class_name: str) -> str:
    """Name the kind of an actor by its class."""
    return class_name.removesuffix("Actor").lower()


def _stopped(address: str, hold: Hold, now: float) -> ActorView:
    return ActorView(
        address=address,
        name=hold.name,
        kind=hold.kind,
        state=hold.verb,
        detail=hold.text,
        parent=hold.parent,
        waiting=0,
        handled=0,
        restarts=0,
        since=now - hold.at,
        age=0.0,
        held=hold.text,
        environment=hold.environment,
        service=hold.service,
    )


def _view(record: ActorRecord, notes: Mapping[str, Note], holds: Mapping[str, Hold], now: float) -> ActorView:
    note = notes.get(record.address, Note(record.class_name))
    hold = holds.get(record.address)
    return ActorView(
        address=record.address,
        name=note.name,
        kind=kind_of(record.class_name),
        state=record.state.value,
        detail=_detail(record) or note.detail,
        parent=record.parent,
        waiting=record.mailbox,
        handled=record.handled,
        restarts=note.restarts + record.restarts,
        since=max(0.0, now - note.since) if note.since else record.age,
        age=record.age,
        last_message=record.last_message or "",
        last_failure=note.failure or record.failure,
        last_messages=tuple(f"{max(0.0, now - h.at):.1f}s ago {h.type_name}" for h in record.recent),
        failed_for=max(0.0, now - note.failed_at) if note.failure else 0.0,
        frames=note.frames if note.failure else (),
        busy=record.busy,
        wakes_in=record.wakes_in,
        held=hold.text if hold else "",
        environment=note.environment,
        service=note.service,
    )


def _detail(record: ActorRecord) -> str:
    if record.next_in is not None:
        return f"restart {record.restarts}, in {record.next_in:.0f}s: {record.failure}"
    return f"{record.last_message} for {record.running_for:.1f}s" if record.running_for else ""
