"""A watcher sees what is, then what changes, down to the newest; one that does not read harms nobody."""

import threading
from dataclasses import replace
from typing import Any

import pytest

from orchestrator.adapters.api import watch
from orchestrator.domain.snapshot import EventView
from tests.eventually import eventually


def happened(number: int, environment: str = "main") -> EventView:
    return EventView(number, 1.0, environment, "web", "Ready", f"v{number}", "push")


def texts(stream: Any, last: str) -> list[str]:
    """Read the texts of events down to the last."""
    found: list[str] = []
    while last not in found:
        kind, data = stream.change()
        if kind == "happened":
            found.append(data["text"])
    return found


def picture(stream: Any, most: int) -> dict[str, Any]:
    """Read the first `most` pictures by environment."""
    return {data["environment"]: data for kind, data in (stream.change() for _ in range(most)) if kind == "environment"}


def test_a_watcher_gets_the_whole_picture_then_each_change(house: Any, made: Any) -> None:
    with house.stream("/v1/watch") as stream:
        assert list(picture(stream, 2)) == ["main", "feature-login-k3v9"]
        house.board.publish(made.environment("bugfix", note="new"))
        assert stream.change()[1]["note"] == "new"
        house.board.happened(happened(7, "bugfix"))
        assert texts(stream, "v7") == ["v7"]
        house.board.remove("bugfix")
        assert stream.change() == ("removed", {"environment": "bugfix"})


def test_a_watcher_of_one_environment_hears_of_no_other(house: Any, made: Any) -> None:
    with house.stream("/v1/watch?environment=feature/LOGIN") as stream:
        assert stream.change()[1]["environment"] == "feature-login-k3v9"
        house.board.publish(made.environment("main", note="other"))
        house.board.happened(happened(1))
        house.board.happened(happened(2, "feature-login-k3v9"))
        assert texts(stream, "v2") == ["v2"]


def test_an_environment_can_be_watched_before_it_is_there(house: Any, made: Any) -> None:
    with house.stream("/v1/watch?environment=feature/NEW") as stream:
        house.board.publish(made.environment("bugfix"))
        house.board.publish(made.environment("feature-new-aaaa", "feature/NEW"))
        assert stream.change()[1]["branch"] == "feature/NEW"
        house.board.remove("feature-new-aaaa")
        assert stream.change() == ("removed", {"environment": "feature-new-aaaa"})


@pytest.mark.parametrize("name", ["%1b%5b31m", "%00", "%ff", "x" * 4000, "%0aevent:%20removed"])
def test_a_watcher_of_a_hostile_name_just_waits(house: Any, name: str) -> None:
    with house.stream(f"/v1/watch?environment={name}") as stream:
        assert stream.status == 200
        eventually(lambda: len(house.board._callbacks) == 1)
    assert house.get("/v1/version").status == 200


def test_text_of_services_cannot_forge_an_event(house: Any, made: Any) -> None:
    forged = 'x\n\nevent: removed\ndata: {"environment": "main"}\n\n'
    with house.stream("/v1/watch") as stream:
        picture(stream, 2)
        house.board.publish(made.environment("main", note=forged))
        kind, data = stream.change()
        assert (kind, data["note"]) == ("environment", forged)
        house.board.remove("feature-login-k3v9")
        assert stream.change() == ("removed", {"environment": "feature-login-k3v9"})


def test_who_comes_back_has_missed_nothing_of_what_is(house: Any, made: Any) -> None:
    with house.stream("/v1/watch") as stream:
        picture(stream, 2)
    house.board.publish(made.environment("main", note="while away"))
    house.board.publish(made.environment("bugfix"))
    house.board.remove("feature-login-k3v9")
    with house.stream("/v1/watch") as stream:
        seen = picture(stream, 2)
    assert {name: data["note"] for name, data in seen.items()} == {"main": "while away", "bugfix": ""}


def test_changes_while_a_watcher_comes_are_never_lost(house: Any, made: Any) -> None:
    stop = threading.Event()

    def publish() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            house.board.publish(made.environment("main", note=str(number)))
        house.board.publish(made.environment("main", note="last"))

    publisher = threading.Thread(target=publish)
    publisher.start()
    streams = [house.stream("/v1/watch?environment=main") for _ in range(10)]
    opened = [stream.__enter__() for stream in streams]
    stop.set()
    publisher.join(20)
    for stream, context in zip(opened, streams, strict=True):
        while stream.change()[1]["note"] != "last":
            pass
        context.__exit__(None, None, None)


def test_a_watcher_that_leaves_is_forgotten_at_once(house: Any) -> None:
    for _ in range(5):
        with house.stream("/v1/watch") as stream:
            stream.change()
    eventually(lambda: house.board._callbacks == ())


def test_a_watcher_that_does_not_read_delays_nobody(house: Any, made: Any) -> None:
    big = made.environment("main", note="x" * 100_000)
    with house.stream("/v1/watch"), house.stream("/v1/watch") as reader:
        for number in range(200):
            house.board.publish(replace(big, changed=float(number)))
            house.board.happened(happened(number))
        assert texts(reader, "v199")
        assert house.get("/v1/version").status == 200


def test_what_changes_again_at_once_is_sent_once(house: Any, made: Any) -> None:
    with house.stream("/v1/watch?environment=main") as stream:
        stream.change()
        for number in range(1000):
            house.board.publish(made.environment("main", note=str(number)))
        notes = [stream.change()[1]["note"]]
        while notes[-1] != "999":
            notes.append(stream.change()[1]["note"])
    assert len(notes) < 500


def test_a_watcher_that_does_not_read_is_kept_the_newest_of_each(house: Any, made: Any) -> None:
    with house.stream("/v1/watch") as stream:
        for number in range(2000):
            house.board.publish(made.environment("main", note=f"{number} " + "x" * 1000))
        notes = [stream.change()[1]["note"].split(" ")[0]]
        while notes[-1] != "1999":
            notes.append(stream.change()[1]["note"].split(" ")[0])
    assert len(notes) < 2000


def test_what_waits_for_a_watcher_is_bounded() -> None:
    gave_up: list[int] = []
    pending = watch.Pending(lambda function: function(), lambda: gave_up.append(1))
    for number in range(5000):
        pending.offer(happened(number))
    assert len(pending._changes) == 1000
    assert gave_up == []


def test_a_watcher_that_reads_nothing_while_environments_come_and_go_is_hung_up_on(
    house: Any, made: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "_MOST_PENDING", 20)
    with house.stream("/v1/watch") as stream:
        for _ in range(50):
            house.board.publish(made.environment("main", note="x" * 500_000))
            house.board.publish(made.environment("main", note="y" * 500_000))
        for number in range(100):
            house.board.publish(made.environment(f"branch-{number}"))
            house.board.remove(f"branch-{number}")
        eventually(lambda: house.board._callbacks == ())
        assert stream.ends()


def test_there_is_an_end_to_how_many_watch(house: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "_MOST_READERS", 2)
    with house.stream("/v1/watch") as first, house.stream("/v1/watch") as second:
        first.change()
        second.change()
        answer = house.get("/v1/watch")
        assert (answer.status, answer.value["kind"]) == (503, "Temporary")
    eventually(lambda: house.board._callbacks == ())
    with house.stream("/v1/watch") as again:
        assert again.status == 200


def test_a_quiet_stream_shows_signs_of_life(house: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "KEEP_ALIVE_SECONDS", 0.01)
    with house.stream("/v1/watch?environment=nothing") as stream:
        assert stream._response.readline().startswith(b":")
