"""How much the journal may hold, and what it forgets first: old bodies, then deliveries that are done with.

In: an open connection and a budget in bytes. Out: room, or the answer that there is none. What still waits to be parsed
or forwarded is never touched. Each step touches few rows, so that no delivery waits long for one.
"""

from dataclasses import dataclass
from sqlite3 import Connection

_DAY = 86_400
_AT_ONCE = 1000
_ROW_BYTES = 1024
_FREE_PAGES = 256
_FORGET_BODY = """
DELETE FROM body WHERE seq IN (
    SELECT body.seq FROM body CROSS JOIN delivery USING (seq)
    WHERE state NOT IN ('journalled', 'dead') AND received_at < ? ORDER BY body.seq LIMIT ?)
"""
_FORGET_OLD = """
DELETE FROM delivery WHERE seq IN (SELECT seq FROM delivery ORDER BY seq LIMIT ?)
    AND state NOT IN ('journalled', 'parsed')
    AND (received_at < ? OR seq <= (SELECT MAX(seq) FROM delivery) - ?)
"""
_FORGET_DONE = """
DELETE FROM delivery WHERE seq IN (
    SELECT seq FROM delivery WHERE state IN ('forwarded', 'ignored', 'refused') ORDER BY seq LIMIT ?)
"""
_FORGET_DEAD = "DELETE FROM delivery WHERE seq IN (SELECT seq FROM delivery WHERE state = 'dead' ORDER BY seq LIMIT ?)"
_ALWAYS = float("inf")


@dataclass(frozen=True, slots=True)
class Retention:
    """How long bodies and deliveries are kept, in days, how many deliveries, and the most bytes of all together."""

    body_days: float
    key_days: float
    deliveries: int
    budget: int


class Room:
    """What is left of a budget in bytes; it is measured once for all deliveries that are committed together."""

    def __init__(self, budget: int) -> None:
        self._budget = budget
        self._left: int | None = None

    def measure_again(self) -> None:
        """Forget what was measured."""
        self._left = None

    def take(self, db: Connection, size: int) -> bool:
        """Tell whether `size` more bytes leave an eighth of the budget free, which is for working off what waits."""
        if self._left is None:
            self._left = self._budget * 7 // 8 - _used_bytes(db)
        for forget in (_bodies, _done, _dead):
            if self._left >= size:
                break
            forget(db)
            self._left = self._budget * 7 // 8 - _used_bytes(db)
        self._left -= size + _ROW_BYTES
        return self._left + _ROW_BYTES >= 0


def trim(db: Connection, now: float, kept: Retention) -> bool:
    """Forget some old bodies, some old deliveries, and give some free pages back; tell whether there may be more.

    Above three quarters of the budget the oldest bodies go early.
    """
    old = db.execute(_FORGET_BODY, (now - kept.body_days * _DAY, _AT_ONCE)).rowcount
    old += db.execute(_FORGET_OLD, (_AT_ONCE, now - kept.key_days * _DAY, kept.deliveries)).rowcount
    if _used_bytes(db) > kept.budget * 3 // 4:
        old += _bodies(db)
    return old + _give_back(db) > 0


def _give_back(db: Connection) -> int:
    """Make the file shorter by some free pages; returns how many. One made by an older version keeps them all."""
    before = _number(db, "freelist_count")
    for _ in range(min(before, _FREE_PAGES)):
        db.execute("PRAGMA incremental_vacuum(1)")
    return before - _number(db, "freelist_count")


def _bodies(db: Connection) -> int:
    return db.execute(_FORGET_BODY, (_ALWAYS, _AT_ONCE)).rowcount


def _done(db: Connection) -> int:
    return db.execute(_FORGET_DONE, (_AT_ONCE,)).rowcount


def _dead(db: Connection) -> int:
    return db.execute(_FORGET_DEAD, (_AT_ONCE,)).rowcount


def _used_bytes(db: Connection) -> int:
    return (_number(db, "page_count") - _number(db, "freelist_count")) * _number(db, "page_size")


def _number(db: Connection, pragma: str) -> int:
    (found,) = db.execute(f"PRAGMA {pragma}").fetchone()
    return int(found)
