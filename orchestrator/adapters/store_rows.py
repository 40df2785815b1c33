"""What each record of the ledger does to the tables.

In: a connection within a transaction and one record. Out: rows. Writing a record twice leaves what writing it once
left, except for events.
"""

from sqlalchemy import Connection, delete, insert, select, update
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


def write(connection: Connection, row: Row) -> None:
    """Write one record. Raises SQLAlchemy's errors, and ValueError for text that is no Unicode."""
    match row:
        case ReleaseRecorded(release):
            _release(connection, release)
        case ReleaseServed():
            _mark(connection, row, served_at=row.at, failed_at=None, reason="")
        case ReleaseFailed():
            _mark(connection, row, failed_at=row.at, reason=_plain(row.reason))
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
            _come_back(connection, environment, "")
        case Happened():
            connection.execute(insert(EVENTS).values(**_event(row)))


def _release(connection: Connection, release: Release) -> None:
    key = {"environment": release.environment, "service": release.service, "number": release.number}
    body = to_json(release)
    same = select(RELEASES.c.number).filter_by(**key, body=body)
    if connection.execute(same).first() is None:
        connection.execute(insert(RELEASES).values(**key, body=body))
    _come_back(connection, release.environment, "")
    _come_back(connection, release.environment, release.service)


def _mark(connection: Connection, row: ReleaseServed | ReleaseFailed, **values: object) -> None:
    key = (
        RELEASES.c.environment == row.environment,
        RELEASES.c.service == row.service,
        RELEASES.c.number == row.number,
    )
    connection.execute(update(RELEASES).where(*key).values(**values))


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


def _come_back(connection: Connection, environment: str, service: str) -> None:
    gone = (REMOVALS.c.environment == environment, REMOVALS.c.service == service)
    connection.execute(delete(REMOVALS).where(*gone))


def _event(row: Happened) -> dict[str, object]:
    place = {"environment": row.environment, "service": row.service}
    said = {"text": _plain(row.text), "by": _plain(row.by), "trace": _plain(row.trace)}
    return {"at": row.at, **place, "kind": row.kind, **said}


def _plain(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()
