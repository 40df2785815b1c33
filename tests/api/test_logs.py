"""Log lines come as they are written, and whoever stops reading them frees everything behind them."""

import json
import threading
from pathlib import Path
from typing import Any

import pytest

from actors.gateway import LogTexts
from orchestrator.adapters.api import logs
from orchestrator.errors import NotFound, Permanent
from orchestrator.runtimes.process.logs import LogReader
from tests.eventually import eventually

FOLLOW = "/v1/services/main/web/logs?follow=1"


def test_lines_come_with_service_release_and_time(house: Any, made: Any) -> None:
    house.gateway.lines["web"] = made.Lines("one", "two\x1b\u00e9", ends=True)
    answer = house.get("/v1/services/main/web/logs?tail=7&release=3")
    assert house.gateway.calls == [("logs", "main", "web", 3, 7, False)]
    assert [json.loads(line) for line in answer.body.split(b"\n") if line] == [
        {"service": "web", "release": 1, "at": 2.0, "text": "one"},
        {"service": "web", "release": 1, "at": 2.0, "text": "two\x1b\u00e9"},
    ]


def test_no_lines_are_an_empty_answer(house: Any) -> None:
    assert house.get("/v1/services/main/web/logs").body == b""


def test_the_newest_release_and_a_hundred_lines_are_the_default(house: Any) -> None:
    house.get("/v1/services/feature%2FLOGIN/web/logs")
    assert house.gateway.calls == [("logs", "feature-login-k3v9", "web", None, 100, False)]


def test_lines_are_followed_as_they_are_written(house: Any, made: Any) -> None:
    house.gateway.lines["web"] = lines = made.Lines("first")
    with house.stream(FOLLOW) as stream:
        assert json.loads(stream.line())["text"] == "first"
        lines.write("second")
        assert json.loads(stream.line())["text"] == "second"


def test_every_service_of_an_environment_can_be_followed_at_once(house: Any, made: Any) -> None:
    house.board.publish(made.environment("bugfix", services=("app", "web")))
    house.gateway.lines.update(app=made.Lines("from app"), web=made.Lines("from web"))
    with house.stream("/v1/services/bugfix/-/logs?follow=1") as stream:
        said = {json.loads(stream.line())["service"] for _ in range(2)}
        assert said == {"app", "web"}


def test_a_service_without_logs_does_not_hide_those_of_the_others(house: Any, made: Any) -> None:
    house.board.publish(made.environment("bugfix", services=("app", "web")))
    house.gateway.lines.update(app=NotFound("no logs"), web=made.Lines("from web", ends=True))
    answer = house.get("/v1/services/bugfix/-/logs")
    assert json.loads(answer.body)["text"] == "from web"


def test_an_environment_without_services_of_its_own_says_so(house: Any, made: Any) -> None:
    house.board.publish(made.environment("empty", services=()))
    answer = house.get("/v1/services/empty/-/logs")
    assert answer.status == 404
    assert "no services of its own" in answer.value["error"]


def test_an_error_before_the_first_line_is_an_answer_of_its_own(house: Any) -> None:
    house.gateway.lines["web"] = NotFound("release 9 of web has no logs")
    answer = house.get("/v1/services/main/web/logs?release=9")
    assert (answer.status, answer.value["error"]) == (404, "release 9 of web has no logs")


class Broken:
    """Lines that break off after the first."""

    def __init__(self, failure: Exception) -> None:
        self.failure = failure

    def __iter__(self) -> Any:
        yield 1, 2.0, "one"
        raise self.failure

    def close(self) -> None:
        pass


@pytest.mark.parametrize(
    ("failure", "line"),
    [(Permanent("the file is damaged"), "the file is damaged"), (ValueError("s3cr3t"), "the logs cannot be read")],
)
def test_an_error_after_the_first_line_is_the_last_line(house: Any, failure: Exception, line: str) -> None:
    house.gateway.lines["web"] = Broken(failure)
    first, last = house.get("/v1/services/main/web/logs").body.strip().split(b"\n")
    assert json.loads(first)["text"] == "one"
    assert json.loads(last)["error"].startswith(line)


def test_a_reader_that_leaves_closes_the_lines_although_nothing_is_written(house: Any, made: Any) -> None:
    house.gateway.lines["web"] = lines = made.Lines()
    with house.stream(FOLLOW):
        assert lines.asked.wait(made.SECONDS)
    assert lines.closed.wait(made.SECONDS)


def test_a_reader_that_leaves_before_there_is_an_answer_closes_the_lines(house: Any, made: Any) -> None:
    house.gateway.lines["web"] = lines = made.Lines()
    with house.connect() as connection:
        connection.sendall(f"GET {FOLLOW} HTTP/1.1\r\nHost: d\r\n\r\n".encode())
        assert lines.asked.wait(made.SECONDS)
    assert lines.closed.wait(made.SECONDS)


def test_lines_that_open_after_the_reader_left_are_closed_at_once(house: Any, made: Any) -> None:
    house.gateway.gate = threading.Event()
    house.gateway.lines["web"] = lines = made.Lines()
    with house.connect() as connection:
        connection.sendall(f"GET {FOLLOW} HTTP/1.1\r\nHost: d\r\n\r\n".encode())
        eventually(lambda: bool(house.gateway.calls))
    house.gateway.gate.set()
    assert lines.closed.wait(made.SECONDS)


def test_a_stop_closes_the_lines(house: Any, made: Any) -> None:
    house.gateway.lines["web"] = lines = made.Lines("one")
    with house.stream(FOLLOW) as stream:
        stream.line()
        house.api.stop()
        assert lines.closed.wait(made.SECONDS)
        assert stream.ends()


def test_readers_come_and_go_without_leaving_threads_behind(house: Any, made: Any) -> None:
    for _ in range(100):
        house.gateway.lines["web"] = made.Lines("one")
        with house.stream(FOLLOW) as stream:
            stream.line()
    eventually(lambda: not [thread for thread in threading.enumerate() if thread.name == "api-logs"])


class Endless:
    """Lines without end; counts how many were taken."""

    def __init__(self) -> None:
        self.taken = 0
        self.closed = threading.Event()

    def __iter__(self) -> Any:
        while not self.closed.is_set():
            self.taken += 1
            yield 1, 2.0, "x" * 8000

    def close(self) -> None:
        self.closed.set()


def test_lines_wait_for_a_reader_that_does_not_read(house: Any) -> None:
    house.gateway.lines["web"] = lines = Endless()
    counts = [-1]

    def stands_still() -> bool:
        counts.append(lines.taken)
        return len(counts) > 50 and counts[-1] == counts[-50]

    with house.stream(FOLLOW):
        eventually(stands_still)
        assert lines.taken < 5000
        assert house.get("/v1/version").status == 200
    eventually(lines.closed.is_set)


def test_too_many_readers_are_refused_and_places_come_back(
    open_house: Any, made: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "_MOST_THREADS", 2)
    house = open_house()
    house.board.publish(made.environment("bugfix", services=("app", "web")))
    house.gateway.lines.update(app=made.Lines("a"), web=made.Lines("b"))
    with house.stream("/v1/services/bugfix/-/logs?follow=1") as stream:
        stream.line()
        answer = house.get(FOLLOW)
        assert (answer.status, answer.value["kind"]) == (503, "Temporary")
    house.gateway.lines["web"] = made.Lines("again", ends=True)
    eventually(lambda: house.get("/v1/services/main/web/logs").status == 200)


def test_a_quiet_service_shows_signs_of_life(house: Any, made: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "KEEP_ALIVE_SECONDS", 0.01)
    monkeypatch.setattr(logs, "_FIRST_SECONDS", 0.01)
    house.gateway.lines["web"] = made.Lines()
    with house.stream(FOLLOW) as stream:
        assert stream._response.readline() == b"\n"
        assert stream._response.readline() == b"\n"


def test_lines_of_a_real_log_end_when_they_are_closed_from_elsewhere(directory: Path) -> None:
    (directory / "log").write_text("1.500 hello\n")
    reader = LogReader(directory, ("main", "web", 1), threading.Event(), tail=10, follow=True)
    lines, seen, first = LogTexts(reader), list[Any](), threading.Event()

    def read() -> None:
        for line in lines:
            seen.append(line)
            first.set()

    reading = threading.Thread(target=read)
    reading.start()
    assert first.wait(20)
    lines.close()
    reading.join(20)
    assert not reading.is_alive()
    assert seen == [(1, 1.5, "hello")]
