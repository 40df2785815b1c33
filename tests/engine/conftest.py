"""An engine for each test, shut down behind it."""

import threading

import pytest

from actors.engine import open_system

PATIENCE = 30.0  # seconds that a test waits for what must happen


@pytest.fixture
def system():
    system = open_system({})
    yield system
    system.shutdown()


@pytest.fixture
def patience():
    return PATIENCE


@pytest.fixture
def engine_threads():
    """The names of the engine's threads that live at the moment."""
    return lambda: [thread.name for thread in threading.enumerate() if thread.name.startswith("engine-")]
