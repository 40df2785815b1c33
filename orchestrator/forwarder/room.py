"""How much the journal may hold, and what it forgets first: old bodies, then deliveries that are done with.

In: an open connection, a budget in bytes, and what the disk has left. Out: room, or the answer that there is none. What
still waits to be parsed or forwarded is never touched. Each step touches few rows, so that no delivery waits long.
"""

import os
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
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
_UNREAD = "SELECT COALESCE(SUM(LENGTH(body)), 0) FROM delivery JOIN body USING (seq) WHERE state = 'journalled'"
_ALWAYS = float("inf")


@dataclass(frozen=True, slots=True)
class Retention:
    """How long bodies and deliveries are kept, in days, and how many deliveries."""

    body_days: float
    key_days: float
    deliveries: int


class Room:
    """What is left of a budget in bytes, or of a disk that is smaller.

    It is measured once for all deliveries that are committed together. `forgotten` counts what had to go early, since
    somebody last cleared it. `unread` are bytes that wait to be read: what is read in them will take as many again.
    """

    def __init__(self, path: Path, budget: int) -> None:
        self.forgotten: Counter[str] = Counter()
        self._path = path
        self._budget = budget
        self._left: int | None = None
        self.unread = 0

    def measure_again(self) -> None:
        """Forget what was measured."""
        self._left = None

    def count_unread(self, db: Connection) -> None:
        """Learn what an earlier connection left to be read."""
        (self.unread,) = db.execute(_UNREAD).fetchone()

    def was_read(self, size: int) -> None:
        """Learn that so many bytes wait no more."""
        self.unread = max(0, self.unread - size)

    def take(self, db: Connection, size: int) -> bool:
        """Tell whether `size` more bytes leave an eighth of all free, which is for working off what waits.

        They are counted twice: once in SQLite's log, once in its file.
        """
        if self._left is None:
            self._left = self._measured(db)
        for name, forget in _STEPS.items():
            if self._left >= 2 * size:
                break
            self.forgotten[name] += forget(db)
            self._left = self._measured(db)
        enough = self._left >= 2 * size
        self._left -= 2 * size + _ROW_BYTES
        return enough

    def take_some(self, db: Connection) -> bool:
        """Tell whether there is room for what usually comes."""
        return self.take(db, self._most(db) // 128)

    def trim(self, db: Connection, now: float, kept: Retention) -> bool:
        """Forget some old bodies, some old deliveries, and give some free pages back; tell whether there may be more.

        Above three quarters of what there is the oldest bodies go early.
        """
        old = db.execute(_FORGET_BODY, (now - kept.body_days * _DAY, _AT_ONCE)).rowcount
        old += db.execute(_FORGET_OLD, (_AT_ONCE, now - kept.key_days * _DAY, kept.deliveries)).rowcount
        if _used_bytes(db) > self._most(db) * 3 // 4:
            early = _bodies(db)
            self.forgotten["bodies"] += early
            old += early
        return old + _give_back(db) > 0

    def _measured(self, db: Connection) -> int:
        return self._most(db) * 7 // 8 - _used_bytes(db) - 2 * self.unread

    def _most(self, db: Connection) -> int:
        """Tell how many bytes may be used: the budget, or what the disk holds once SQLite's log has its own."""
        disk = os.statvfs(self._path.parent)
        log = max(0, 2 * _number(db, "journal_size_limit") - _size(self._path.with_name(f"{self._path.name}-wal")))
        return min(self._budget, _size(self._path) + disk.f_bavail * disk.f_frsize - log)


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


_STEPS: Mapping[str, Callable[[Connection], int]] = {"bodies": _bodies, "deliveries": _done, "dead": _dead}


def _used_bytes(db: Connection) -> int:
    return (_number(db, "page_count") - _number(db, "freelist_count")) * _number(db, "page_size")


def _size(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0


def _number(db: Connection, pragma: str) -> int:
    (found,) = db.execute(f"PRAGMA {pragma}").fetchone()
    return int(found)
