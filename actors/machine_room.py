"""The machine room as readers see it: the engine's records and the actors' own notes, joined by address.

In: a snapshot of the engine, which stops nobody, and the roster. Out: `ActorView`s, parents before children.
"""

from collections.abc import Mapping

from thespian.actors import ActorSystem

from actors.engine import ActorRecord, snapshot
from actors.roster import Note, Roster
from orchestrator.domain.snapshot import ActorView


def picture(system: ActorSystem, roster: Roster, now: float) -> tuple[ActorView, ...]:
    """Show every actor, in the order of the tree; `now` is seconds since the epoch."""
    notes = roster.read()
    below: dict[str, list[ActorRecord]] = {}
    records = snapshot(system)
    known = {r.address for r in records}
    for record in records:
        below.setdefault(record.parent if record.parent in known else "", []).append(record)
    return tuple(_view(r, notes, now) for r in _tree(below))


def _tree(below: Mapping[str, list[ActorRecord]]) -> list[ActorRecord]:
    """Walk depth first without recursion: the tree may be deep."""
    ordered: list[ActorRecord] = []
    waiting = list(reversed(below.get("", [])))
    while waiting:
        record = waiting.pop()
        ordered.append(record)
        waiting += reversed(below.get(record.address, []))
    return ordered


def _view(record: ActorRecord, notes: Mapping[str, Note], now: float) -> ActorView:
    note = notes.get(record.address, Note(record.class_name))
    return ActorView(
        address=record.address,
        name=note.name,
        kind=record.class_name.removesuffix("Actor").lower(),
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
    )


def _detail(record: ActorRecord) -> str:
    if record.next_in is not None:
        return f"restart {record.restarts}, in {record.next_in:.0f}s: {record.failure}"
    return f"{record.last_message} for {record.running_for:.1f}s" if record.running_for else ""
