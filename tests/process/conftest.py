"""A runtime for each file of tests, and options for those that need one of their own."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from orchestrator.runtimes.process import ProcessOptions, ProcessRuntime
from tests.process.running import Watcher, make_options, source


@pytest.fixture
def options(tmp_path: Path) -> ProcessOptions:
    """Options with a state directory of their own."""
    return make_options(tmp_path / "state")


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProcessRuntime]:
    """One runtime for the tests of a file; each uses environments of its own."""
    opened = ProcessRuntime(replace(make_options(tmp_path_factory.mktemp("process")), log_bytes=20_000), source)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def watcher(runtime: ProcessRuntime) -> Watcher:
    """What the shared runtime observes."""
    return Watcher(runtime)
