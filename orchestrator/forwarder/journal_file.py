"""The journal's file: who may touch it, how it is opened, and what happens when it is damaged.

In: a path. Out: an open connection with every promise switched on. A damaged file is renamed, never overwritten, and
its intact rows move to the new one, from both ends up to the damage.
"""

import os
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from sqlite3 import Connection
from types import UnionType

from structlog.typing import FilteringBoundLogger

from orchestrator.errors import Permanent
from orchestrator.forwarder import others
from orchestrator.forwarder.ledger import SCHEMA, SCHEMA_VERSION

_PAGE = 4096
_LOG_BYTES = 2**26
_LOG_SHARE = 32
_CHUNK = 2**20
_PATIENCE_SECONDS = 1
_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_TABLES: tuple[tuple[str, str, tuple[type | UnionType, ...]], ...] = (
    (
        "SELECT * FROM delivery NOT INDEXED ORDER BY seq",
        "INSERT OR IGNORE INTO delivery VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (int, str, str, float, bytes, str, str, str, str, float | None),
    ),
    ("SELECT * FROM body ORDER BY seq", "INSERT OR IGNORE INTO body VALUES (?, ?)", (int, bytes)),
)
_FIRST = "SELECT MIN(seq) FROM delivery INDEXED BY delivery_hook"
_LAST = "SELECT seq FROM sqlite_sequence WHERE name = 'delivery'"
_CARRIED = "SELECT COUNT(*) FROM delivery"
_WITHOUT_BODY = """
SELECT COUNT(*) FROM delivery WHERE state = 'journalled' AND NOT EXISTS
    (SELECT 1 FROM body WHERE body.seq = delivery.seq)
"""
_WRITABLE_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH


def start(path: Path, budget: int, clock: Callable[[], float], log: FilteringBoundLogger) -> Connection:
    """Check who may touch the file, check the file, open it; `budget` is the most bytes that it may grow to."""
    _prepare(path)
    db = _sound(path, budget)
    if db is None:
        _read_through(path)
        db = _sound(path, budget)
    if db is not None:
        return db
    aside = _set_aside(path, int(clock()))
    _prepare(path)
    db = connect(path, budget)
    carried, missing = _carry_over(aside, db)
    log.error("the journal was damaged", set_aside=str(aside), carried_over=carried, missing=missing)
    return db


def _sound(path: Path, budget: int) -> Connection | None:
    """Open the file and check it; None when it seems damaged, as also a disk makes it seem that did not read once."""
    try:
        return _checked(path, budget)
    except sqlite3.OperationalError as error:
        if _code(error) == sqlite3.SQLITE_BUSY:
            raise Permanent(f"{path}: another forwarder holds this journal; stop that one first") from error
        raise
    except sqlite3.DatabaseError as error:
        if _code(error) not in _DAMAGE:
            raise
        return None


def _read_through(path: Path) -> None:
    """Read all of the file; raises `OSError` when the disk does not let us, which says nothing about what it holds."""
    with path.open("rb", buffering=0) as file:
        while file.read(_CHUNK):
            pass


def connect(path: Path, budget: int) -> Connection:
    """Open the file for this process alone; every commit is synced (SQLite: NORMAL may lose it at power loss)."""
    disk = os.statvfs(path.parent)
    log_bytes = min(_LOG_BYTES, disk.f_blocks * disk.f_frsize // _LOG_SHARE)
    db = sqlite3.connect(path, isolation_level=None, timeout=_PATIENCE_SECONDS)
    db.text_factory = _text
    try:
        db.execute("PRAGMA locking_mode = EXCLUSIVE")
        if db.execute("PRAGMA page_count").fetchone() == (0,):
            db.execute("PRAGMA auto_vacuum = INCREMENTAL")
            db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        elif db.execute("PRAGMA user_version").fetchone() != (SCHEMA_VERSION,):
            raise Permanent(f"{path}: another version wrote it; let that one forward what it holds, then move it away")
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        db.execute("PRAGMA fullfsync = 1")
        db.execute("PRAGMA temp_store = MEMORY")
        db.execute("PRAGMA secure_delete = OFF")
        db.execute(f"PRAGMA wal_autocheckpoint = {log_bytes // _PAGE}")
        db.execute(f"PRAGMA journal_size_limit = {log_bytes}")
        db.execute(f"PRAGMA max_page_count = {max(budget // _PAGE, 16)}")
        db.executescript(SCHEMA + others.SCHEMA)
    except BaseException:
        db.close()
        raise
    return db


def _prepare(path: Path) -> None:
    _make(path.parent, mode=0o700)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    os.close(descriptor)
    for place, kind in ((path.parent, stat.S_ISDIR), (path, stat.S_ISREG)):
        found = place.lstat()
        if not kind(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & _WRITABLE_BY_OTHERS:
            raise Permanent(
                f"{place}: others may write here, so it cannot be trusted; chown it to yourself, chmod go-w"
            )
    _sync_directory(path.parent)


def _make(directory: Path, mode: int = 0o777) -> None:
    """Make a directory and what is missing above it; a new entry lasts once the directory that holds it is synced."""
    if not directory.exists():
        _make(directory.parent)
        directory.mkdir(mode, exist_ok=True)
        _sync_directory(directory.parent)


def _checked(path: Path, budget: int) -> Connection:
    db = connect(path, budget)
    try:
        answer = db.execute("PRAGMA integrity_check(1)").fetchone()[0]
        if answer != "ok":
            damage = sqlite3.DatabaseError(answer)
            damage.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
            raise damage
    except BaseException:
        db.close()
        raise
    return db


def _set_aside(path: Path, now: int) -> Path:
    aside = path.with_name(f"{path.name}.damaged-{now}")
    while aside.exists():
        now += 1
        aside = path.with_name(f"{path.name}.damaged-{now}")
    for suffix in ("", "-wal"):
        source = path.with_name(path.name + suffix)
        if source.exists():
            source.rename(aside.with_name(aside.name + suffix))
    _sync_directory(path.parent)
    return aside


def _carry_over(aside: Path, db: Connection) -> tuple[int, int]:
    """Return how many deliveries were carried over, and how many are missing; numbers are never given again."""
    with closing(sqlite3.connect(aside, isolation_level=None)) as old:
        old.text_factory = _text
        first, last = _number(old, _FIRST), _number(old, _LAST)
        db.execute("BEGIN IMMEDIATE")
        for select, insert, kinds in _TABLES:
            if not _copy_until_damage(old, select, db, insert, kinds):
                _copy_until_damage(old, f"{select} DESC", db, insert, kinds)
        last = max(last, _number(db, _LAST))
        db.execute("DELETE FROM sqlite_sequence WHERE name = 'delivery'")
        db.execute("INSERT INTO sqlite_sequence VALUES ('delivery', ?)", (last,))
        db.execute("COMMIT")
    (carried,), (without_body,) = (db.execute(count).fetchone() for count in (_CARRIED, _WITHOUT_BODY))
    return carried, last + 1 - (first or _number(db, _FIRST) or 1) - carried + without_body


def _number(db: Connection, which: str) -> int:
    """Tell the first or last number of a journal; 0 when there is none, or none can be read."""
    try:
        found = db.execute(which).fetchone()
    except sqlite3.Error:
        return 0
    return found[0] if found and isinstance(found[0], int) else 0


def _copy_until_damage(
    old: Connection, select: str, db: Connection, insert: str, kinds: tuple[type | UnionType, ...]
) -> bool:
    """Copy rows whose values are of the right kinds; False when the damage was reached."""
    try:
        for row in old.execute(select):
            if all(isinstance(value, kind) for value, kind in zip(row, kinds, strict=True)):
                db.execute(insert, row)
    except sqlite3.Error:
        return False
    return True


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


def _code(error: sqlite3.Error) -> int:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
