"""Verified deliveries → rows of the journal, each delivery once.

In: an open connection and entries. Out: a receipt for each. All that were never seen before, as nearly always, are
added by one statement for their rows and one for their bodies.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from sqlite3 import Connection

WITHOUT_ID = "body:"
_WITHOUT_ID_SECONDS = 600
_NEXT = "SELECT COALESCE(MAX(seq), 0) + 1 FROM sqlite_sequence WHERE name = 'delivery'"
_ADD = "INSERT INTO delivery (seq, hook, key, received_at, body_digest, headers, state) VALUES"
_ROW = "(?, ?, ?, ?, ?, ?, 'journalled')"


@dataclass(frozen=True, slots=True)
class Entry:
    """A verified delivery; `key` is the sender's id, empty when there is none; `received_at` in epoch seconds.

    `headers` is a JSON object: name to values.
    """

    hook: str
    key: str
    received_at: float
    headers: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Receipt:
    """The row of a delivery: new, `repeated`, or a `conflict` (a known id with another body)."""

    seq: int
    repeated: bool = False
    conflict: bool = False


def add(db: Connection, entries: Sequence[Entry]) -> list[Receipt]:
    """Add each of one or more deliveries once; a repeated one makes its repository be looked at again."""
    digests = [digest(entry.body) for entry in entries]
    keys = [_key(entry, sha) for entry, sha in zip(entries, digests, strict=True)]
    db.execute("SAVEPOINT added")
    first = _add(db, entries, keys, digests)
    if first:
        receipts = [Receipt(first + place) for place in range(len(entries))]
    else:
        db.execute("ROLLBACK TO added")
        receipts = [_add_one(db, *each) for each in zip(entries, keys, digests, strict=True)]
    db.execute("RELEASE added")
    return receipts


def digest(body: bytes | None) -> bytes:
    """Return what tells one body from another."""
    return hashlib.sha256(body or b"").digest()


def _key(entry: Entry, sha: bytes) -> str:
    return entry.key or f"{WITHOUT_ID}{sha.hex()}:{int(entry.received_at // _WITHOUT_ID_SECONDS)}"


def _add(db: Connection, entries: Sequence[Entry], keys: Sequence[str], digests: Sequence[bytes]) -> int:
    """Add rows and return the number of the first, 0 when any of them was there before."""
    (first,) = db.execute(_NEXT).fetchone()
    numbered = enumerate(zip(entries, keys, digests, strict=True), first)
    rows = [(seq, each.hook, key, each.received_at, sha, each.headers) for seq, (each, key, sha) in numbered]
    values = tuple(chain.from_iterable(rows))
    if db.execute(f"{_ADD} {_times(_ROW, rows)} ON CONFLICT DO NOTHING", values).rowcount < len(rows):
        return 0
    bodies = tuple(chain.from_iterable((seq, each.body) for seq, each in enumerate(entries, first)))
    db.execute(f"INSERT INTO body VALUES {_times('(?, ?)', rows)}", bodies)  # noqa: S608 - no value in it
    return int(first)


def _times(row: str, rows: Sequence[object]) -> str:
    return ", ".join([row] * len(rows))


def _add_one(db: Connection, entry: Entry, key: str, sha: bytes) -> Receipt:
    before = _find(db, entry.hook, key)
    conflict = before is not None and before[1] != sha
    if conflict:
        key = f"{key}~{sha.hex()}"
        before = _find(db, entry.hook, key)
    return _look_again(db, before[0]) if before else Receipt(_add(db, [entry], [key], [sha]), conflict=conflict)


def _find(db: Connection, hook: str, key: str) -> tuple[int, bytes] | None:
    row: tuple[int, bytes] | None = db.execute(
        "SELECT seq, body_digest FROM delivery WHERE hook = ? AND key = ?", (hook, key)
    ).fetchone()
    return row


def _look_again(db: Connection, seq: int) -> Receipt:
    db.execute("UPDATE delivery SET state = 'parsed' WHERE seq = ? AND state = 'forwarded'", (seq,))
    return Receipt(seq, repeated=True)
