"""Stable addresses: kept on file, ours alone, and said to be taken when they are not."""

import json
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from orchestrator.domain.status import Address, Health
from orchestrator.errors import Temporary
from orchestrator.runtimes.process import ProcessOptions, ProcessRuntime
from orchestrator.runtimes.process.addresses import Addresses
from tests.eventually import eventually
from tests.process.running import Watcher, get, make_release, source


@pytest.fixture
def known(options: ProcessOptions) -> tuple[Address, Address]:
    """The addresses of `taken` and `free` in bugfix, given by a runtime that has ended."""
    runtime = ProcessRuntime(options, source)
    addresses = runtime.address("bugfix", "taken", 80), runtime.address("bugfix", "free", 80)
    runtime.close()
    return addresses


def test_a_taken_address_degrades_its_service_and_no_other(
    options: ProcessOptions, known: tuple[Address, Address]
) -> None:
    taken, free = known
    with socket.create_server((taken.host, taken.port)):
        runtime = ProcessRuntime(options, source)
        watcher = Watcher(runtime)
        for service in ("taken", "free"):
            runtime.apply(make_release("bugfix", 1, service=service))
        watcher.ready("bugfix", 1, service="free")
        assert get(free) == "bugfix/v1"
        line = f"127.0.0.1:{taken.port} (bugfix/taken:http) is taken by pid "
        watcher.wait("bugfix", 1, Health.DEGRADED, line, service="taken")
    watcher.ready("bugfix", 1, service="taken")
    eventually(lambda: get(taken) == "bugfix/v1", "the address is ours again")
    runtime.close()


def test_an_address_that_refuses_is_still_kept_from_others(runtime: ProcessRuntime) -> None:
    address = runtime.address("bugfix", "kept", 80)
    assert get(address) == "ConnectionRefusedError"
    with socket.socket() as other, pytest.raises(OSError, match="Address already in use"):
        other.bind((address.host, address.port))


def test_the_addresses_of_a_removed_environment_are_free_again(runtime: ProcessRuntime) -> None:
    address = runtime.address("removed", "app", 80)
    runtime.remove_environment("removed")
    with socket.socket() as other:
        other.bind((address.host, address.port))


def test_no_port_is_given_twice(tmp_path: Path) -> None:
    addresses = Addresses(tmp_path / "addresses.json", (32100, 32103))
    with socket.create_server(("127.0.0.1", 32102)):
        given = [addresses.keep(("bugfix", "app", 80)), addresses.lend(), addresses.lend()]
        assert sorted(given) == [32100, 32101, 32103]
        with pytest.raises(Temporary, match="no port from 32100 to 32103 is free"):
            addresses.lend()
        addresses.give_back(given[1])
        assert addresses.lend() == given[1]


def test_an_unreadable_file_of_addresses_is_set_aside(options: ProcessOptions) -> None:
    options.state.mkdir()
    (options.state / "addresses.json").write_text("[[[")
    runtime = ProcessRuntime(replace(options, ports=(21000, 22000)), source)
    address = runtime.address("bugfix", "app", 80)
    assert 21000 <= address.port <= 22000
    assert (options.state / "addresses.json.unreadable").read_text() == "[[["
    assert json.loads((options.state / "addresses.json").read_text()) == [[["bugfix", "app", 80], address.port]]
    runtime.close()
