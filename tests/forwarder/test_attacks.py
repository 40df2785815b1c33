"""Seconds of what `make soak` does for long: hostile requests, and slow senders."""

import importlib
from contextlib import ExitStack, closing
from http.client import HTTPConnection
from pathlib import Path

import pytest

BENCH = Path(__file__).parents[1] / "bench"


@pytest.fixture(autouse=True)
def bench_folder_is_importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCH))


def test_hostile_requests_are_answered_below_500_and_leave_no_fault_in_the_log() -> None:
    statuses, fault = importlib.import_module("fuzz_receiver").run(400, 0.0, seed=20)
    assert fault == ""
    assert statuses[202] > 50
    assert statuses[401] > 20


def test_slow_and_endless_senders_do_not_grow_memory_nor_keep_others_out() -> None:
    grown, spent, fault = importlib.import_module("slow_senders").run(2.0, 60, seed=20)
    assert fault == ""
    assert grown < 64 * 2**20
    assert spent


def test_refused_bodies_are_let_go_of_while_their_connections_stay_open(short_path: Path) -> None:
    body, before = bytes(4 * 2**20), 0
    with importlib.import_module("forwarder_process").forwarder(short_path) as target, ExitStack() as stack:
        for number in range(13):
            connection = stack.enter_context(closing(HTTPConnection("127.0.0.1", target.port, timeout=20)))
            connection.request("POST", "/hooks/gitlab", body, {"X-Gitlab-Token": "wrong"})
            assert connection.getresponse().status == 401
            before = target.memory() if number == 2 else before
        assert target.memory() - before < 5 * len(body)
