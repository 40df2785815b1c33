"""What clients of a stable address see while releases come, fail, crash and go."""

import socket
import threading
from collections import Counter

import pytest

from orchestrator.domain.status import Health
from orchestrator.runtimes.process import ProcessRuntime
from tests.eventually import eventually
from tests.process.running import CRASH, RUN, Watcher, connected, get, make_release

SLOW = (
    *RUN,
    "-c",
    """
import os, socket, time
listener = socket.create_server(("127.0.0.1", int(os.environ["PORT"])))
while True:
    connection, _ = listener.accept()
    if connection.recv(65536):
        time.sleep(0.6)
        connection.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 4\\r\\n\\r\\nslow")
    connection.close()
""",
)


@pytest.fixture(autouse=True)
def _clean(runtime: ProcessRuntime, watcher: Watcher) -> None:
    for environment in runtime.environments():
        runtime.remove_environment(environment)
    eventually(lambda: not runtime.environments())
    watcher.forget()


def test_a_loop_of_requests_sees_no_failure_across_switches(runtime: ProcessRuntime, watcher: Watcher) -> None:
    address = runtime.address("loop", "app", 80)
    runtime.apply(make_release("loop", 1))
    watcher.ready("loop", 1)
    answers: Counter[str] = Counter()
    over = threading.Event()

    def ask() -> None:
        while not over.is_set():
            answers[get(address)] += 1

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for number in (2, 3, 4):
        runtime.apply(make_release("loop", number))
        watcher.ready("loop", number)
        eventually(lambda name=f"loop/v{number}": answers[name] > 5, "the new release answers")
    over.set()
    for thread in threads:
        thread.join(20)
    assert set(answers) == {"loop/v1", "loop/v2", "loop/v3", "loop/v4"}


def test_a_request_under_way_is_answered_by_the_release_that_took_it(runtime: ProcessRuntime, watcher: Watcher) -> None:
    address = runtime.address("slow", "app", 80)
    runtime.apply(make_release("slow", 1, SLOW))
    watcher.ready("slow", 1)
    with connected(address) as client:
        client.sendall(b"GET / HTTP/1.1\r\n\r\n")
        runtime.apply(make_release("slow", 2))
        watcher.ready("slow", 2)
        assert client.recv(1000).endswith(b"slow")
    assert get(address) == "slow/v2"


def test_an_idle_connection_is_closed_after_a_switch(runtime: ProcessRuntime, watcher: Watcher) -> None:
    address = runtime.address("idle", "app", 80)
    runtime.apply(make_release("idle", 1))
    watcher.ready("idle", 1)
    with connected(address) as client:
        client.sendall(b"GET / HTTP/1.1\r\n\r\n")
        assert client.recv(1000).endswith(b"idle/v1")
        runtime.apply(make_release("idle", 2))
        watcher.ready("idle", 2)
        assert client.recv(1000) == b""


def test_a_crash_after_ready_keeps_the_address_and_is_started_again(runtime: ProcessRuntime, watcher: Watcher) -> None:
    address = runtime.address("crash", "app", 80)
    for environment in ("main", "crash"):
        runtime.apply(make_release(environment, 1))
        watcher.ready(environment, 1)
    runtime.route("crash", "app", "main")
    watcher.forget()
    get(address, "/crash")
    seen = watcher.wait("crash", 1, Health.DEGRADED, "exited with status 3")
    assert get(address) in ("ConnectionRefusedError", "crash/v1")
    assert watcher.ready("crash", 1).tries == seen.tries + 1
    assert get(address) == "crash/v1"


def test_an_address_whose_service_is_gone_refuses_at_once(runtime: ProcessRuntime, watcher: Watcher) -> None:
    address = runtime.address("gone", "app", 80)
    runtime.apply(make_release("gone", 1))
    watcher.ready("gone", 1)
    runtime.remove("gone", "app")
    assert get(address) == "ConnectionRefusedError"


def test_a_removed_service_moves_its_address_before_it_ends(runtime: ProcessRuntime, watcher: Watcher) -> None:
    address = runtime.address("leaves", "app", 80)
    runtime.apply(make_release("main", 1))
    runtime.apply(make_release("leaves", 1, SLOW))
    watcher.ready("main", 1)
    watcher.ready("leaves", 1)
    runtime.route("leaves", "app", "main")
    with connected(address) as client:
        client.sendall(b"GET / HTTP/1.1\r\n\r\n")
        runtime.remove("leaves", "app")
        assert get(address) == "main/v1"
        assert client.recv(1000).endswith(b"slow")


def test_a_failing_release_is_tried_again_until_it_is_superseded(runtime: ProcessRuntime, watcher: Watcher) -> None:
    runtime.apply(make_release("retry", 1, CRASH))
    third = watcher.wait("retry", 1, Health.DEGRADED)
    assert third.reason == "exited with status 1 before it was ready: it broke"
    assert third.log_tail[-1] == "it broke"
    eventually(lambda: watcher.seen[-1].tries > third.tries, "it is tried again")
    runtime.apply(make_release("retry", 2))
    watcher.ready("retry", 2)
    assert [r.release for r in runtime.running()] == [2]


def test_a_half_closed_connection_still_gets_its_answer(runtime: ProcessRuntime, watcher: Watcher) -> None:
    address = runtime.address("half", "app", 80)
    runtime.apply(make_release("half", 1))
    watcher.ready("half", 1)
    with connected(address) as client:
        client.sendall(b"GET / HTTP/1.1\r\n\r\n")
        client.shutdown(socket.SHUT_WR)
        received = b"".join(iter(lambda: client.recv(1000), b""))
    assert received.endswith(b"half/v1")
