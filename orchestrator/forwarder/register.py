"""What people ask of the journal: the newest deliveries, one of them, and to try one again.

In: an open connection. Out: views. Each function runs inside a transaction of `journal.py`; none reads a body.
"""

import json
import re
from sqlite3 import Connection
from typing import Any

from orchestrator.domain import hint
from orchestrator.domain.delivery import FAILED, DeliveryView, HeaderView, HintView, State
from orchestrator.domain.payload import Malformed
from orchestrator.forwarder.entries import WITHOUT_ID
from orchestrator.forwarder.others import TIMES

_SIZE = "(SELECT LENGTH(body) FROM body WHERE body.seq = delivery.seq)"
_COLUMNS = f"seq, hook, key, received_at, state, reason, forwarded_at, hints, {_SIZE}, {TIMES}, headers"
_FAILED = ", ".join(f"'{state}'" for state in FAILED)
_CONFLICT = re.compile("(.*)~[0-9a-f]{64}")


def newest(db: Connection, *, hook: str = "", failed: bool = False, limit: int = 100) -> tuple[DeliveryView, ...]:
    """Return the newest deliveries first, of one hook or of all; with `failed` those that never reach the daemon."""
    wanted = [*(["hook = :hook"] if hook else []), *([f"state IN ({_FAILED})"] if failed else [])]
    where = f"WHERE {' AND '.join(wanted)}" if wanted else ""
    asked = f"SELECT {_COLUMNS} FROM delivery {where} ORDER BY seq DESC LIMIT :limit"  # noqa: S608 - no value in it
    return tuple(_view(row) for row in db.execute(asked, {"hook": hook, "limit": limit}))


def one(db: Connection, seq: int) -> DeliveryView | None:
    """Return one delivery with its headers, None when there is none."""
    asked = f"SELECT {_COLUMNS} FROM delivery WHERE seq = ?"  # noqa: S608 - no value in it
    row = db.execute(asked, (seq,)).fetchone()
    return _view(row, headers=True) if row else None


def replay(db: Connection, seq: int) -> None:
    """Have a delivery read and forwarded once more; where its body was forgotten, its hints are told again."""
    db.execute(
        "UPDATE delivery SET reason = '', state = CASE WHEN EXISTS"
        " (SELECT 1 FROM body WHERE body.seq = delivery.seq) THEN 'journalled' ELSE 'parsed' END WHERE seq = ?",
        (seq,),
    )


def waiting(db: Connection) -> int:
    """Count what the daemon was not told of yet."""
    (count,) = db.execute("SELECT COUNT(*) FROM delivery WHERE state IN ('journalled', 'parsed')").fetchone()
    return int(count)


def _view(row: tuple[Any, ...], *, headers: bool = False) -> DeliveryView:
    seq, hook, key, received_at, state, reason, forwarded_at, hints, size, times, kept = row
    conflict = _CONFLICT.fullmatch(key)
    identity = conflict[1] if conflict else key
    return DeliveryView(
        delivery=seq,
        hook=hook,
        sender_id="" if identity.startswith(WITHOUT_ID) else identity,
        received_at=received_at,
        state=State(state),
        reason=reason,
        forwarded_at=forwarded_at or 0.0,
        hints=_hints(hints),
        conflict=bool(conflict),
        bytes=size or 0,
        times=times or 1,
        headers=_headers(kept) if headers else (),
    )


def _hints(text: str) -> tuple[HintView, ...]:
    try:
        return tuple(HintView(h.repository, h.ref, h.deleted, h.pull) for h in hint.from_json(text.encode()))
    except Malformed:
        return ()


def _headers(text: str) -> tuple[HeaderView, ...]:
    try:
        return tuple(HeaderView(name, value) for name, values in json.loads(text).items() for value in values)
    except (ValueError, AttributeError, TypeError):
        return ()
