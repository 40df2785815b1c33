"""How many requests are under way at once; an apiserver cannot tell, so a connection stands in that counts them."""

import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import cast

from orchestrator.runtimes.kubernetes.api import Api
from orchestrator.runtimes.kubernetes.connection import Connection, Request

AT_ONCE, ROUNDS = 8, 3


class Counting:
    """Answers once `AT_ONCE` requests wait for it."""

    def __init__(self) -> None:
        self.most = self.open = 0
        self._lock, self._together = threading.Lock(), threading.Barrier(AT_ONCE, timeout=10)

    def send(self, _request: Request) -> SimpleNamespace:
        with self._lock:
            self.open += 1
            self.most = max(self.most, self.open)
        self._together.wait()
        with self._lock:
            self.open -= 1
        return SimpleNamespace(status=200, headers={}, read=lambda _size: b"{}")


def test_so_many_requests_are_under_way_as_keep_an_apiserver_busy_and_no_more() -> None:
    counting = Counting()
    api = Api(cast(Connection, counting))
    with ThreadPoolExecutor(AT_ONCE * ROUNDS) as pool:
        answers = [pool.submit(api.get, "/api/v1/namespaces/a") for _ in range(AT_ONCE * ROUNDS)]
    assert [answer.result() for answer in answers] == [{}] * (AT_ONCE * ROUNDS)
    assert counting.most == AT_ONCE
