"""What the store is asked, and what it forgets.

In: a connection within a transaction. Out: values of the domain.
"""

from sqlalchemy import ColumnElement, Connection, Row, Select, delete, exists, func, select, tuple_

from orchestrator.adapters.store_schema import EVENTS, OVERRIDES, RELEASES, REMOVALS
from orchestrator.domain.ledger import Ledger
from orchestrator.domain.override import Override
from orchestrator.domain.release import Release, from_json
from orchestrator.domain.snapshot import EventView, HistoryEntry

SERVING, STARTING, FAILED, SUPERSEDED = "Serving", "Starting", "Failed", "Superseded"


def load(connection: Connection, environment: str, service: str) -> Ledger:
    """Read what a Service actor starts from."""
    ours = (RELEASES.c.environment == environment, RELEASES.c.service == service)
    living = select(RELEASES.c.body).where(*ours, RELEASES.c.retired_at.is_(None)).order_by(RELEASES.c.number.desc())
    last_number = connection.execute(select(func.max(RELEASES.c.number)).where(*ours)).scalar_one()
    return Ledger(
        last_number=last_number or 0,
        current=_first(connection, living),
        last_good=_first(connection, living.where(RELEASES.c.served_at.is_not(None))),
        overrides=_overrides(connection, environment, service),
    )


def living(connection: Connection, environment: str) -> tuple[Release, ...]:
    """Read the newest release of each service that was not removed from an environment."""
    ours = (RELEASES.c.environment == environment, RELEASES.c.retired_at.is_(None))
    newest = select(RELEASES.c.service, func.max(RELEASES.c.number)).where(*ours).group_by(RELEASES.c.service)
    found = select(RELEASES.c.body).where(*ours, tuple_(RELEASES.c.service, RELEASES.c.number).in_(newest))
    return tuple(from_json(body) for body in connection.execute(found.order_by(RELEASES.c.service)).scalars())


def environments(connection: Connection) -> tuple[tuple[str, str], ...]:
    """Name the environments that hold living releases, each with the branch that one of them was made from."""
    one = select(func.max(RELEASES.c.body)).where(RELEASES.c.retired_at.is_(None)).group_by(RELEASES.c.environment)
    releases = [from_json(body) for body in connection.execute(one).scalars()]
    return tuple(sorted((r.environment, r.branch) for r in releases))


def history(connection: Connection, environment: str, service: str) -> tuple[HistoryEntry, ...]:
    """Read every release, newest first.

    Of the living ones the newest that served is Serving; one that never served and failed is Failed; the newest is
    Starting until it is either; all others are Superseded.
    """
    ours = (RELEASES.c.environment == environment, RELEASES.c.service == service)
    rows = connection.execute(select(RELEASES).where(*ours).order_by(RELEASES.c.number.desc())).all()
    serving = next((r.number for r in rows if r.retired_at is None and r.served_at is not None), 0)
    newest = rows[0].number if rows else 0
    return tuple(_entry(row, from_json(row.body), serving, newest) for row in rows)


def events(connection: Connection, environment: str | None, limit: int) -> tuple[EventView, ...]:
    """Read the newest `limit` events, oldest first."""
    newest = select(EVENTS).order_by(EVENTS.c.sequence.desc()).limit(limit)
    if environment is not None:
        newest = newest.where(EVENTS.c.environment == environment)
    return tuple(EventView(**row._mapping) for row in reversed(connection.execute(newest).all()))


def purge(connection: Connection, overrides_before: float, events_before: float, releases_kept: int) -> None:
    """Forget overrides of what was removed before a time, old events, and all but the newest releases of a service.

    The newest release stays, so that numbers never restart; the last good one of a living service stays too.
    """
    removed = exists().where(
        REMOVALS.c.at < overrides_before,
        REMOVALS.c.environment == OVERRIDES.c.environment,
        REMOVALS.c.service.in_(("", OVERRIDES.c.service)),
    )
    connection.execute(delete(OVERRIDES).where(removed))
    connection.execute(delete(EVENTS).where(EVENTS.c.at < events_before))
    connection.execute(delete(RELEASES).where(_outnumbered(releases_kept)))


def _outnumbered(kept: int) -> ColumnElement[bool]:
    newer, served = RELEASES.alias(), RELEASES.alias()
    ours = (newer.c.environment == RELEASES.c.environment, newer.c.service == RELEASES.c.service)
    count = select(func.count()).where(*ours, newer.c.number > RELEASES.c.number).scalar_subquery()
    theirs = (served.c.environment == RELEASES.c.environment, served.c.service == RELEASES.c.service)
    good = (served.c.served_at.is_not(None), served.c.retired_at.is_(None))
    last_good = select(func.max(served.c.number)).where(*theirs, *good).scalar_subquery()
    return (count >= max(kept, 1)) & (RELEASES.c.number != func.coalesce(last_good, 0))


def _first(connection: Connection, releases: Select[str]) -> Release | None:
    body = connection.execute(releases.limit(1)).scalar_one_or_none()
    return None if body is None else from_json(body)


def _overrides(connection: Connection, environment: str, service: str) -> tuple[Override, ...]:
    columns = (OVERRIDES.c.variable, OVERRIDES.c.text, OVERRIDES.c.at, OVERRIDES.c.by)
    ours = (OVERRIDES.c.environment == environment, OVERRIDES.c.service == service)
    rows = connection.execute(select(*columns).where(*ours).order_by(OVERRIDES.c.variable))
    return tuple(Override(*row) for row in rows)


def _entry(row: Row[tuple[object, ...]], release: Release, serving: int, newest: int) -> HistoryEntry:
    return HistoryEntry(
        environment=release.environment,
        service=release.service,
        number=release.number,
        commit=release.commit,
        subject=release.subject,
        cause=release.cause.value,
        delivery=release.delivery,
        created=release.created,
        status=_status(row, serving, newest),
        change=release.change,
    )


def _status(row: Row[tuple[object, ...]], serving: int, newest: int) -> str:
    if row.number == serving:
        return SERVING
    if row.failed_at is not None and row.served_at is None:
        return FAILED
    return STARTING if row.number == newest and row.retired_at is None else SUPERSEDED
