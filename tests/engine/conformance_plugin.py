"""Runs Thespian's own suite (package `thespian.test`) over the engine; `make conformance` loads it with `-p`.

The suite takes its actor systems from three names in its package; they are replaced here before a test imports them.
Nothing of Thespian is edited. What needs several hosts, conventions or ThespianWatch is skipped, by the suite's marks.
"""

import os
import threading

import pytest
import thespian.test as suite

from actors.engine import open_system

CAPABILITIES = {"Foo Allowed": True, "Cows Allowed": True, "Dogs Allowed": True, "dog": "food"}
BUILT_IN = ("simpleSystemBase", "multiprocQueueBase", "multiprocUDPBase", "multiprocTCPBase")


def in_process(system):
    """Name the system for the suite, which asks for the name where a base in one process differs from others."""
    system.base_name, system.port_num, system.txonly = "simpleSystemBase", None, False
    return system


@pytest.fixture(params=["engine"])
def asys():
    system = in_process(open_system(dict(CAPABILITIES)))
    yield system
    system.shutdown()


def similar_asys(asys, in_convention=True, start_wait=True, capabilities=None):
    return in_process(open_system(dict(capabilities or {})))


def actor_system_unsupported(asys, *bases):
    if "multiprocQueueBase" in bases:
        test = os.environ["PYTEST_CURRENT_TEST"]
        pytest.skip("needs ThespianWatch" if "test_runcommand" in test else "needs several systems or a convention")


suite.asys, suite.similar_asys, suite.actor_system_unsupported = asys, similar_asys, actor_system_unsupported


def pytest_addoption(parser):
    parser.addoption("--unstable", action="store_true", help="run what the suite calls unstable")


def pytest_collection_modifyitems(config, items):
    chosen = [item for item in items if "asys" in item.fixturenames and not names_a_built_in_base(item)]
    config.hook.pytest_deselected(items=[item for item in items if item not in set(chosen)])
    items[:] = chosen


def names_a_built_in_base(item):
    return any(base in item.nodeid for base in BUILT_IN)


def pytest_unconfigure(config):
    """End even if a test of the suite left a thread behind that would keep the process alive."""
    left = [thread for thread in threading.enumerate() if not thread.daemon and thread is not threading.main_thread()]
    if left:
        print("threads left:", ", ".join(thread.name for thread in left), flush=True)
        os._exit(1)
