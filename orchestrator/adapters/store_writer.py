"""One connection that commits groups of records, and does not let go of them while trying again may help.

In: records of the ledger. Out: for each the word that it is on disk, or the error for which it never will be.
"""

import threading
from collections.abc import Callable, Sequence
from itertools import chain
from pathlib import Path
from typing import TypeVar

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from orchestrator.adapters.store_rows import write
from orchestrator.adapters.store_schema import connect
from orchestrator.domain.ledger import Row
from orchestrator.errors import AnabranchError, Permanent, Temporary

Answer = TypeVar("Answer")

PAUSES = (0.05, 0.2, 1.0, 2.0, 5.0)
"""Seconds between tries; the last one repeats."""

_log = structlog.get_logger(__name__)


class Writer:
    """The connection; one thread at a time. `patience` is the number of tries while not `closing`, 0: without end."""

    def __init__(self, path: Path, closing: threading.Event, *, patience: int = 0) -> None:
        self._path, self._closing, self._patience = path, closing, patience
        self._connection = connect(path)
        self.trouble = ""

    def commit(self, records: Sequence[tuple[Row, ...]]) -> tuple[AnabranchError | None, ...]:
        """Write all records in one transaction; where one is no good, each in its own. Returns what became of each."""
        try:
            self._persist(records)
        except Temporary as error:
            return (error,) * len(records)
        except Exception as error:  # one bad record must not take the others along
            if len(records) == 1:
                return (Permanent(f"{self._path}: {type(error).__name__}: the record does not fit"),)
            return tuple(outcome for record in records for outcome in self.commit((record,)))
        return (None,) * len(records)

    def ask(self, question: Callable[[Connection], Answer]) -> Answer:
        """Answer a question within a transaction. Raises Temporary or Permanent."""
        try:
            with self._connection.begin():
                return question(self._connection)
        except OperationalError as error:
            raise Temporary(f"{self._path}: {error.orig}") from error
        except Exception as error:
            raise Permanent(f"{self._path}: {type(error).__name__}: what is stored cannot be read") from error

    def close(self) -> None:
        """Give the file back."""
        self._connection.engine.dispose()

    def _persist(self, records: Sequence[tuple[Row, ...]]) -> None:
        tries = 0
        while True:
            try:
                self._transact(records)
            except (OperationalError, Temporary) as error:
                self._complain(error)
                tries += 1
                if self._closing.is_set() or tries == self._patience:
                    raise Temporary(self.trouble) from error
                self._closing.wait(PAUSES[min(tries, len(PAUSES)) - 1])
            else:
                self.trouble = ""
                return

    def _transact(self, records: Sequence[tuple[Row, ...]]) -> None:
        if self.trouble:  # after a failed sync only a new connection knows what is on disk
            self.close()
            self._connection = connect(self._path)
        with self._connection.begin():
            write(self._connection, chain.from_iterable(records))

    def _complain(self, error: OperationalError | Temporary) -> None:
        text = str(error) if isinstance(error, Temporary) else f"{self._path}: {error.orig}"
        if text != self.trouble:
            _log.error("not recorded yet", reason=text)
        self.trouble = text
