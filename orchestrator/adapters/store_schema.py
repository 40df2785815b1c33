"""The store's tables, and its file: private to its user, checked before use, one connection.

In: a path. Out: an open connection whose transactions begin at once and are on disk when they end.
"""

import os
import sqlite3
import stat
from pathlib import Path

from sqlalchemy import Column, Connection, Float, Index, Integer, MetaData, Table, Text, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import DatabaseError, OperationalError, SQLAlchemyError
from sqlalchemy.pool import StaticPool

from orchestrator.errors import AnabranchError, Permanent, Temporary

VERSION = 2
"""Written into the file; a file of a newer version is refused."""

CHANGES = {2: "ALTER TABLE events ADD COLUMN trace TEXT NOT NULL DEFAULT ''"}
"""What brings a file of the version before to each later one."""

METADATA = MetaData()

RELEASES = Table(
    "releases",
    METADATA,
    Column("environment", Text, primary_key=True),
    Column("service", Text, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("body", Text, nullable=False),
    Column("served_at", Float),
    Column("failed_at", Float),
    Column("reason", Text, nullable=False, server_default=""),
    Column("retired_at", Float),
    sqlite_with_rowid=False,
)

OVERRIDES = Table(
    "overrides",
    METADATA,
    Column("environment", Text, primary_key=True),
    Column("service", Text, primary_key=True),
    Column("variable", Text, primary_key=True),
    Column("text", Text, nullable=False),
    Column("at", Float, nullable=False),
    Column("by", Text, nullable=False),
)

REMOVALS = Table(  # service is empty where the whole environment was removed
    "removals",
    METADATA,
    Column("environment", Text, primary_key=True),
    Column("service", Text, primary_key=True),
    Column("at", Float, nullable=False),
)

EVENTS = Table(
    "events",
    METADATA,
    Column("sequence", Integer, primary_key=True, autoincrement=True),
    Column("at", Float, nullable=False),
    Column("environment", Text, nullable=False),
    Column("service", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("trace", Text, nullable=False, server_default=""),
    Index("events_by_environment", "environment", "sequence"),
    sqlite_autoincrement=True,
)


def connect(path: Path) -> Connection:
    """Open the file, made anew with mode 0600 in a directory 0700 where it is missing.

    Raises Permanent when the file is damaged, newer than this program, or open to others; Temporary when it is busy.
    """
    _claim(path)
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        poolclass=StaticPool,
        connect_args={"check_same_thread": False, "timeout": 0.5},
    )
    event.listen(engine, "connect", _configure)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    try:
        connection = engine.connect()
        _prepare(connection, path)
    except (SQLAlchemyError, Permanent) as error:
        engine.dispose()
        raise _mapped(error, path) from error
    return connection


def _mapped(error: Exception, path: Path) -> AnabranchError:
    if isinstance(error, OperationalError):
        return Temporary(f"{path}: {error.orig}")
    if isinstance(error, DatabaseError):
        return Permanent(_damaged(path, str(error.orig)))
    return error if isinstance(error, Permanent) else Permanent(f"{path}: {type(error).__name__}")


def _claim(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise Permanent(f"{path}: cannot be opened: {error.strerror}") from error
    try:
        found = os.fstat(handle)
    finally:
        os.close(handle)
    if not stat.S_ISREG(found.st_mode):
        raise Permanent(f"{path}: is no regular file; move it away")
    if found.st_uid != os.geteuid():
        raise Permanent(f"{path}: belongs to user {found.st_uid}, not to this one; run as that user or move it away")
    if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise Permanent(f"{path}: others may write to it; look at it, then: chmod 600 {path}")


def _configure(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "fullfsync=1", "foreign_keys=1"):
        connection.execute(f"PRAGMA {pragma}")


def _prepare(connection: Connection, path: Path) -> None:
    with connection.begin():
        found = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one()
        if found != "ok":
            raise Permanent(_damaged(path, "its pages do not fit together"))
        version = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
        if version > VERSION:
            raise Permanent(f"{path}: written by a newer anabranch (schema {version}, this one knows {VERSION})")
        for step in range(version + 1, VERSION + 1) if version else ():
            connection.exec_driver_sql(CHANGES[step])
        METADATA.create_all(connection)
        connection.exec_driver_sql(f"PRAGMA user_version={VERSION}")


def _damaged(path: Path, why: str) -> str:
    return f"{path}: damaged ({why}); put a backup there or move it away: releases and edits in it are lost then"
