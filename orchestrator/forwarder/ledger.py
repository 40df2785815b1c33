"""What the journal holds: a row for each delivery, and the statements that read and change rows (`entries.py` adds).

Bodies have a table of their own: a change of state writes a short row anew, not a long one.

In: an open connection and values. Out: values. Each function runs inside a transaction of `journal.py`.

    journalled ── parsed ── forwarded        parsed: its hints wait for the daemon's acknowledgement
        ├── forwarded                        acknowledged at once
        ├── ignored                          nothing to do; of `others.py` the first of each repository stays
        ├── refused                          speaks of a repository that is not the hook's
        └── dead                             could not be parsed; tried again at every start
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from sqlite3 import Connection
from typing import Any

from orchestrator.domain import hint
from orchestrator.domain.delivery import State
from orchestrator.domain.hint import RefHint
from orchestrator.forwarder import others
from orchestrator.forwarder.entries import digest

SCHEMA_VERSION = 1
SCHEMA = """
CREATE TABLE IF NOT EXISTS delivery (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    hook TEXT NOT NULL,
    key TEXT NOT NULL,
    received_at REAL NOT NULL,
    body_digest BLOB NOT NULL,
    headers TEXT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT NOT NULL DEFAULT '',
    hints TEXT NOT NULL DEFAULT '[]',
    forwarded_at REAL,
    UNIQUE (hook, key)
);
CREATE INDEX IF NOT EXISTS delivery_open ON delivery (state, seq) WHERE state IN ('journalled', 'parsed');
CREATE INDEX IF NOT EXISTS delivery_failed ON delivery (seq) WHERE state IN ('refused', 'dead');
CREATE TABLE IF NOT EXISTS body (seq INTEGER PRIMARY KEY, body BLOB NOT NULL);
CREATE TRIGGER IF NOT EXISTS delivery_forgotten AFTER DELETE ON delivery
    BEGIN DELETE FROM body WHERE seq = OLD.seq; END;
CREATE INDEX IF NOT EXISTS delivery_hook ON delivery (hook, seq);
CREATE TABLE IF NOT EXISTS probe (id INTEGER PRIMARY KEY, at REAL NOT NULL);
"""
_BODIES_AT_ONCE = 16 * 2**20
_HINTS_AT_ONCE = 4 * 2**20


@dataclass(frozen=True, slots=True)
class Unread:
    """A journalled delivery; `headers` is JSON text; `intact` is False when the body is no longer what was received."""

    seq: int
    hook: str
    headers: str
    body: bytes
    intact: bool = True
    received_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Unsent:
    """A parsed delivery and its hints, as JSON text."""

    seq: int
    hints: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """The state that a delivery reaches, why, and the hints that it gives; `other` names an unknown repository."""

    seq: int
    state: State
    reason: str = ""
    hints: tuple[RefHint, ...] = ()
    other: str = ""


def unread(db: Connection, limit: int) -> tuple[Unread, ...]:
    """Return the oldest deliveries that wait to be parsed, at least one, few enough that their bodies are small."""
    rows = db.execute(
        "SELECT seq, received_at, hook, headers, body, body_digest FROM delivery LEFT JOIN body USING (seq)"
        " WHERE state = 'journalled' ORDER BY seq LIMIT ?",
        (limit,),
    )
    return tuple(
        Unread(seq, hook, headers, body or b"", intact=digest(body) == expected, received_at=received_at)
        for seq, received_at, hook, headers, body, expected in _up_to(
            _BODIES_AT_ONCE, rows, lambda row: len(row[4] or b"")
        )
    )


def unsent(db: Connection) -> tuple[Unsent, ...]:
    """Return the oldest deliveries that wait to be forwarded, at least one, few enough that their hints are small."""
    rows = db.execute("SELECT seq, hints FROM delivery WHERE state = 'parsed' ORDER BY seq")
    return tuple(Unsent(seq, hints) for seq, hints in _up_to(_HINTS_AT_ONCE, rows, lambda row: len(row[1]) + 100))


def settle(db: Connection, verdicts: Sequence[Verdict], now: float) -> None:
    """Write down what became of journalled deliveries; what is forwarded by then is so since `now`."""
    db.executemany(
        "UPDATE delivery SET state = ?, reason = ?, hints = ?, forwarded_at = COALESCE(?, forwarded_at) WHERE seq = ?",
        [(str(v.state), v.reason, hint.to_json(v.hints).decode("ascii"), _since(v, now), v.seq) for v in verdicts],
    )
    others.count(db, [(v.other, v.seq) for v in verdicts if v.other])


def acknowledge(db: Connection, seqs: Sequence[int], now: float) -> None:
    """Mark deliveries as forwarded."""
    db.executemany(
        "UPDATE delivery SET state = 'forwarded', forwarded_at = ? WHERE seq = ?", [(now, seq) for seq in seqs]
    )


def bury(db: Connection, seq: int, reason: str) -> None:
    """Make a parsed delivery a dead letter."""
    db.execute("UPDATE delivery SET state = 'dead', reason = ? WHERE seq = ?", (reason, seq))


def revive(db: Connection) -> int:
    """Let every dead letter be parsed again; returns how many."""
    changed = db.execute(
        "UPDATE delivery SET state = 'journalled' WHERE state = 'dead' AND EXISTS"
        " (SELECT 1 FROM body WHERE body.seq = delivery.seq)"
    )
    return changed.rowcount


def counts(db: Connection) -> dict[str, int]:
    """Count deliveries by state; every state is named."""
    found = dict(db.execute("SELECT state, COUNT(*) FROM delivery GROUP BY state").fetchall())
    return {str(state): found.get(str(state), 0) for state in State}


def probe(db: Connection, now: float) -> None:
    """Write something, to learn whether writing works."""
    db.execute("INSERT INTO probe VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET at = excluded.at", (now,))


def _since(verdict: Verdict, now: float) -> float | None:
    return now if verdict.state is State.FORWARDED else None


def _up_to(most: int, rows: Iterable[tuple[Any, ...]], size: Callable[[tuple[Any, ...]], int]) -> list[tuple[Any, ...]]:
    """Read rows until they hold more than `most` bytes."""
    taken, held = [], 0
    for row in rows:
        taken.append(row)
        held += size(row)
        if held > most:
            break
    return taken
