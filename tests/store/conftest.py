"""A store in a fresh directory, and releases to put into it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from queue import Queue
from typing import Any

import pytest

from orchestrator.adapters.store import Store
from orchestrator.domain.release import Cause, Release
from orchestrator.domain.workload import Workload


@pytest.fixture
def delivered() -> "Queue[tuple[Any, Any]]":
    return Queue()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "store.db"


@pytest.fixture
def store(path: Path, delivered: "Queue[tuple[Any, Any]]") -> Iterator[Store]:
    opened = Store(path, lambda address, message: delivered.put((address, message)))
    yield opened
    opened.close()


@pytest.fixture
def release() -> Callable[..., Release]:
    def make(number: int, environment: str = "bugfix", service: str = "web", **other: Any) -> Release:
        values = {
            "environment": environment,
            "branch": environment,
            "service": service,
            "number": number,
            "repository": service,
            "commit": f"{number:040x}",
            "subject": "Show the cart",
            "cause": Cause.PUSH,
            "change": "commit",
            "delivery": "poll:1",
            "created": 1000.0 + number,
            "workload": Workload(service, "score.yaml"),
            "resolved": (),
            "digest": f"{number:064x}",
        }
        return Release(**{**values, **other})

    return make
