"""The contract of all runtimes, kept by memory and by local processes."""

import subprocess
from collections.abc import Iterator
from functools import partial

import pytest

from orchestrator.domain.entry import Entry
from orchestrator.domain.release import Release
from orchestrator.domain.status import Address
from orchestrator.domain.workload import Container, Workload
from orchestrator.runtimes.memory import MemoryRuntime
from orchestrator.runtimes.process import ProcessRuntime
from tests.eventually import eventually
from tests.process import running
from tests.process.running import Watcher
from tests.runtimes.contract import *  # noqa: F403 - the tests
from tests.runtimes.contract import House

UNFIT = Workload("app", "score.yaml", (), (Container("main", "."),))


def release(environment: str, number: int, *, command: tuple[str, ...]) -> Release:
    return running.make_release(environment, number, command)


def answer(address: Address) -> str:
    said = running.get(address)
    return "" if said == "ConnectionRefusedError" else said


def leads_to(runtime: MemoryRuntime, address: Address) -> str:
    found = runtime.leads_to(address)
    return f"{found[0]}/v{found[2]}" if found else ""


def inside(entry: Entry) -> str:
    assert entry.tree
    script = "test -f service.py && printf %s $ANABRANCH_ENVIRONMENT/v$ANABRANCH_RELEASE && test $PORT"
    return subprocess.run(
        ("sh", "-c", script),
        cwd=entry.tree.path,
        env=dict(entry.tree.variables),
        check=True,
        capture_output=True,
        text=True,
    ).stdout


@pytest.fixture(params=["memory", "process"])
def house(request: pytest.FixtureRequest) -> Iterator[House]:
    if request.param == "memory":
        memory = MemoryRuntime()
        behaviours = [partial(release, command=(word,)) for word in ("run", "crash", "never-ready")]
        yield House(memory, Watcher(memory), *behaviours, UNFIT, "command", partial(leads_to, memory))
        memory.close()
    else:
        runtime: ProcessRuntime = request.getfixturevalue("runtime")
        watcher = request.getfixturevalue("watcher")
        behaviours = [partial(release, command=words) for words in (running.GOOD, running.CRASH, running.NEVER)]
        yield House(runtime, watcher, *behaviours, UNFIT, "command", answer, inside)
        for environment in runtime.environments():
            runtime.remove_environment(environment)
        eventually(lambda: not runtime.environments(), "every environment is gone")
        watcher.forget()
