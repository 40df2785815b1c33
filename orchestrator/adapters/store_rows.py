"""What each record of the ledger does to the tables.

In: a connection within a transaction, and records. Out: rows. Writing a record twice leaves what writing it once
left, except for events. Statements are built once: building them took longer than all the rest.
"""

from collections.abc import Iterable, Sequence
from itertools import groupby

from sqlalchemy import Connection, bindparam, delete, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from orchestrator.adapters.store_schema import EVENTS, OVERRIDES, RELEASES, REMOVALS
from orchestrator.domain.ledger import (
    EnvironmentRemoved,
    EnvironmentReturned,
    Happened,
    OverrideSet,
    OverrideUnset,
    ReleaseFailed,
    ReleaseRecorded,
    ReleaseServed,
    Row,
    ServiceRemoved,
)
from orchestrator.domain.release import Release, to_json

_KEY = (
    RELEASES.c.environment == bindparam("of_environment"),
    RELEASES.c.service == bindparam("of_service"),
    RELEASES.c.number == bindparam("of_number"),
)
_SAME_RELEASE = select(RELEASES.c.number).where(*_KEY, RELEASES.c.body == bindparam("body"))
_NEW_RELEASE = insert(RELEASES)
_RELEASE = upsert(RELEASES).on_conflict_do_nothing()
_SERVED = update(RELEASES).where(*_KEY).values(served_at=bindparam("at"), failed_at=None, reason="")
_FAILED = update(RELEASES).where(*_KEY).values(failed_at=bindparam("at"), reason=bindparam("why"))
_EVENT = insert(EVENTS)
_BACK = delete(REMOVALS).where(
    REMOVALS.c.environment == bindparam("environment"), REMOVALS.c.service.in_((bindparam("service"), ""))
)


def write(connection: Connection, rows: Iterable[Row]) -> None:
    """Write records, events last. Raises SQLAlchemy's errors, and ValueError for text that is no Unicode."""
    events, others = [], []
    for row in rows:
        if isinstance(row, Happened):
            events.append(_event(row))
        else:
            others.append(row)
    for kind, alike in groupby(others, type):
        if kind is ReleaseRecorded:
            _releases(connection, [row.release for row in alike if isinstance(row, ReleaseRecorded)])
        else:
            for row in alike:
                _write(connection, row)
    if events:
        connection.execute(_EVENT, events)


def _write(connection: Connection, row: Row) -> None:
    match row:
        case ReleaseServed():
            connection.execute(_SERVED, {**_of(row), "at": row.at})
        case ReleaseFailed():
            connection.execute(_FAILED, {**_of(row), "at": row.at, "why": _plain(row.reason)})
        case OverrideSet():
            _override(connection, row)
        case OverrideUnset():
            key = (OVERRIDES.c.environment == row.environment, OVERRIDES.c.service == row.service)
            connection.execute(delete(OVERRIDES).where(*key, OVERRIDES.c.variable == row.variable))
        case EnvironmentRemoved(environment, at):
            _remove(connection, environment, "", at)
        case ServiceRemoved(environment, service, at):
            _remove(connection, environment, service, at)
        case EnvironmentReturned(environment):
            connection.execute(_BACK, {"environment": environment, "service": ""})


def _releases(connection: Connection, releases: Sequence[Release]) -> None:
    """Write releases unless they are there; another one under the same number is refused by its key."""
    rows = [{**_key(release), "number": release.number, "body": to_json(release)} for release in releases]
    if connection.execute(_RELEASE, rows).rowcount < len(rows):
        for release, row in zip(releases, rows, strict=True):
            if connection.execute(_SAME_RELEASE, {**_of(release), "body": row["body"]}).first() is None:
                connection.execute(_NEW_RELEASE, row)
    connection.execute(_BACK, [_key(release) for release in releases])


def _key(release: Release) -> dict[str, str]:
    return {"environment": release.environment, "service": release.service}


def _of(row: Release | ReleaseServed | ReleaseFailed) -> dict[str, object]:
    return {"of_environment": row.environment, "of_service": row.service, "of_number": row.number}


def _override(connection: Connection, row: OverrideSet) -> None:
    key = {"environment": row.environment, "service": row.service, "variable": row.variable}
    value = {"text": row.text, "at": row.at, "by": row.by}
    connection.execute(upsert(OVERRIDES).values(**key, **value).on_conflict_do_update(set_=value))


def _remove(connection: Connection, environment: str, service: str, at: float) -> None:
    living = update(RELEASES).where(RELEASES.c.environment == environment, RELEASES.c.retired_at.is_(None))
    if service:
        living = living.where(RELEASES.c.service == service)
    connection.execute(living.values(retired_at=at))
    removal = upsert(REMOVALS).values(environment=environment, service=service, at=at)
    connection.execute(removal.on_conflict_do_update(set_={"at": at}))


def _event(row: Happened) -> dict[str, object]:
    place = {"environment": row.environment, "service": row.service}
    said = {"text": _plain(row.text), "by": _plain(row.by), "trace": _plain(row.trace)}
    return {"at": row.at, **place, "kind": row.kind, **said}


def _plain(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()
