"""How long a watch that failed waits before it asks again; what it then hears is told by tests on a cluster."""

import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import cast

import pytest

from orchestrator.errors import AnabranchError, Temporary
from orchestrator.runtimes.kubernetes import reflector
from orchestrator.runtimes.kubernetes.api import Api
from orchestrator.runtimes.kubernetes.failure import Expired
from orchestrator.runtimes.kubernetes.kinds import SERVICE
from tests.eventually import DEADLINE

GONE = Temporary("the apiserver does not answer")
FORGOTTEN = Expired("the place is forgotten")


class Server:
    """Fails as told, one watch after the other, and notes how long each one after it was waited for."""

    def __init__(self, *failures: AnabranchError) -> None:
        self.waited = list[float]()
        self.over = threading.Event()
        self._failures: Iterator[AnabranchError] = iter(failures)

    def stream(self, _where: str, _read: float) -> object:
        failure = next(self._failures, None)
        if failure is None:
            self.over.set()
            raise GONE
        raise failure

    def event(self) -> threading.Event:
        waited, over = self.waited, self.over

        class Noted(threading.Event):
            def wait(self, timeout: float | None = None) -> bool:
                if not over.is_set():
                    waited.append(timeout or 0.0)
                    return super().wait(0)
                return super().wait(timeout)

        return Noted()


def waited(monkeypatch: pytest.MonkeyPatch, *failures: AnabranchError) -> list[float]:
    server = Server(*failures)
    made = SimpleNamespace(Event=server.event, Thread=threading.Thread)
    monkeypatch.setattr(reflector, "threading", made)
    watch = reflector.Reflector(cast(Api, server), SERVICE, "", cast(reflector.Listener, None))
    assert server.over.wait(DEADLINE)
    watch.close()
    return server.waited


def test_a_server_that_cannot_be_reached_is_asked_ever_less_often(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses = waited(monkeypatch, *[GONE] * 8)
    assert all(most / 2 <= pause <= most for pause, most in zip(pauses, (1.6, 3.2, 6.4, 12.8, 25.6, 30), strict=False))
    assert all(pause >= 15 for pause in pauses[5:])


def test_one_that_answers_again_but_forgot_the_place_is_asked_for_all_there_is_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    *_, before, after = waited(monkeypatch, *[GONE] * 6, FORGOTTEN)
    assert before >= 15
    assert after <= 1.6
