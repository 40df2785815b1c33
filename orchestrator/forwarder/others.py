"""Deliveries about repositories that the settings do not name, which the hook of an organisation brings along.

In: an open connection and deliveries that were just ignored. Out: the first one of each hook and repository stays, with
the number of all; those that follow are forgotten, so that they neither fill the disk nor hide what matters.
"""

from collections.abc import Sequence
from sqlite3 import Connection

SCHEMA = """
CREATE TABLE IF NOT EXISTS other (
    hook TEXT NOT NULL,
    repository TEXT NOT NULL,
    seq INTEGER NOT NULL,
    times INTEGER NOT NULL DEFAULT 1,
    PRIMARY KEY (hook, repository)
);
CREATE INDEX IF NOT EXISTS other_seq ON other (seq);
CREATE TRIGGER IF NOT EXISTS other_forgotten AFTER DELETE ON delivery
    BEGIN DELETE FROM other WHERE seq = OLD.seq; END;
"""
TIMES = "(SELECT times FROM other WHERE other.seq = delivery.seq)"
_COUNT = """
INSERT INTO other (hook, repository, seq) SELECT hook, ?, seq FROM delivery WHERE seq = ?
    ON CONFLICT (hook, repository) DO UPDATE SET times = times + (seq <> excluded.seq)
"""
_FORGET = "DELETE FROM delivery WHERE seq = ? AND NOT EXISTS (SELECT 1 FROM other WHERE other.seq = delivery.seq)"


def count(db: Connection, told: Sequence[tuple[str, int]]) -> None:
    """Count deliveries, each the name of its repository and its row; only the first of each repository stays."""
    db.executemany(_COUNT, told)
    db.executemany(_FORGET, [(seq,) for _, seq in told])
