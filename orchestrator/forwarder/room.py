"""How much the journal may hold, and what it forgets first: old bodies, then deliveries that are done with.

In: an open connection and a budget in bytes. Out: room, or the answer that there is none. What still waits to be parsed
or forwarded is never touched.
"""

from sqlite3 import Connection

_DAY = 86_400
_TRIM_AT_ONCE = 1000


def has_room(db: Connection, budget: int, size: int = 0) -> bool:
    """Tell whether `size` more bytes leave an eighth of the budget free, which is for working off what waits."""
    most = budget * 7 // 8 - size
    for make_room in (_drop_bodies, _drop_finished, _drop_dead):
        if _used_bytes(db) > most:
            make_room(db)
    return _used_bytes(db) <= most


def trim(db: Connection, now: float, *, body_days: float, key_days: float, budget: int) -> None:
    """Forget old bodies, then old deliveries; above three quarters of the budget (bytes), the oldest bodies early.

    What still waits to be parsed or forwarded is never touched.
    """
    db.execute(
        "DELETE FROM delivery WHERE received_at < ? AND state NOT IN ('journalled', 'parsed')", (now - key_days * _DAY,)
    )
    db.execute(
        "UPDATE delivery SET body = NULL WHERE received_at < ? AND body IS NOT NULL"
        " AND state NOT IN ('journalled', 'dead')",
        (now - body_days * _DAY,),
    )
    if _used_bytes(db) > budget * 3 // 4:
        _drop_bodies(db)


def _drop_bodies(db: Connection) -> None:
    db.execute(
        "UPDATE delivery SET body = NULL WHERE seq IN (SELECT seq FROM delivery WHERE body IS NOT NULL"
        " AND state NOT IN ('journalled', 'dead') ORDER BY seq LIMIT ?)",
        (_TRIM_AT_ONCE,),
    )


def _drop_finished(db: Connection) -> None:
    db.execute(
        "DELETE FROM delivery WHERE seq IN (SELECT seq FROM delivery"
        " WHERE state IN ('forwarded', 'ignored', 'refused') ORDER BY seq LIMIT ?)",
        (_TRIM_AT_ONCE,),
    )


def _drop_dead(db: Connection) -> None:
    db.execute(
        "DELETE FROM delivery WHERE seq IN (SELECT seq FROM delivery WHERE state = 'dead' ORDER BY seq LIMIT ?)",
        (_TRIM_AT_ONCE,),
    )


def _used_bytes(db: Connection) -> int:
    pages, free, size = (
        db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
    )
    return int((pages - free) * size)
