"""What the store was told it gives back, in order, whatever becomes of the process."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from contextvars import ContextVar
from pathlib import Path
from queue import Queue
from typing import Any

import pytest

from orchestrator.adapters.store import Store
from orchestrator.domain.ledger import (
    EnvironmentRemoved,
    EnvironmentReturned,
    Happened,
    Ledger,
    OverrideSet,
    OverrideUnset,
    ReleaseFailed,
    ReleaseRecorded,
    ReleaseServed,
    ServiceRemoved,
)
from orchestrator.domain.override import Override
from orchestrator.domain.release import Release

Make = Callable[..., Release]
Delivered = Queue[tuple[Any, Any]]
DAY = 86400.0


def numbers_and_states(store: Store) -> list[tuple[int, str]]:
    return [(entry.number, entry.status) for entry in store.history("bugfix", "web")]


def test_an_unknown_service_has_an_empty_ledger(store: Store) -> None:
    assert store.load("bugfix", "web") == Ledger()
    assert store.history("bugfix", "web") == ()


def test_a_recorded_release_is_answered_and_read_back_whole(store: Store, delivered: Delivered, release: Make) -> None:
    store.record((ReleaseRecorded(release(1)),), reply_to="service", reply="recorded", failed="refused")
    assert delivered.get(timeout=20) == ("service", "recorded")
    assert store.load("bugfix", "web") == Ledger(last_number=1, current=release(1))


def test_answers_come_in_the_order_of_the_records(store: Store, delivered: Delivered) -> None:
    for n in range(1500):
        store.record((Happened(float(n), "bugfix", "web", "Seen", str(n)),), reply_to=n, reply="done")
    assert [delivered.get(timeout=20)[0] for _ in range(1500)] == list(range(1500))
    assert [event.text for event in store.events(None, 3)] == ["1497", "1498", "1499"]


def test_a_question_sees_everything_that_was_recorded_before_it(store: Store, release: Make) -> None:
    for n in range(1, 40):
        store.record((ReleaseRecorded(release(n)),))
        assert store.load("bugfix", "web").last_number == n


def test_the_last_good_release_is_the_newest_that_served(store: Store, release: Make) -> None:
    for n in (1, 2, 3):
        store.record((ReleaseRecorded(release(n)),))
    store.record((ReleaseServed("bugfix", "web", 1, 1.0), ReleaseServed("bugfix", "web", 2, 2.0)))
    ledger = store.load("bugfix", "web")
    assert (ledger.current, ledger.last_good) == (release(3), release(2))


def test_history_tells_what_became_of_each_release(store: Store, release: Make) -> None:
    for n in (1, 2, 3, 4, 5):
        store.record((ReleaseRecorded(release(n)),))
    store.record((ReleaseServed("bugfix", "web", 1, 1.0), ReleaseServed("bugfix", "web", 3, 3.0)))
    store.record((ReleaseFailed("bugfix", "web", 4, 4.0, "exited with status 1"),))
    assert numbers_and_states(store) == [
        (5, "Starting"),
        (4, "Failed"),
        (3, "Serving"),
        (2, "Superseded"),
        (1, "Superseded"),
    ]


def test_a_failed_release_that_serves_after_all_is_serving(store: Store, release: Make) -> None:
    store.record((ReleaseRecorded(release(1)), ReleaseFailed("bugfix", "web", 1, 1.0, "not ready")))
    assert numbers_and_states(store) == [(1, "Failed")]
    store.record((ReleaseServed("bugfix", "web", 1, 2.0),))
    assert numbers_and_states(store) == [(1, "Serving")]


def test_a_release_recorded_twice_is_there_once(store: Store, delivered: Delivered, release: Make) -> None:
    for _ in range(2):
        store.record((ReleaseRecorded(release(1)),), "service", "recorded", "refused")
        assert delivered.get(timeout=20) == ("service", "recorded")
    assert numbers_and_states(store) == [(1, "Starting")]


def test_another_release_under_a_used_number_is_refused_and_takes_nobody_along(
    path: Path, delivered: Delivered, release: Make
) -> None:
    store = Store(path, lambda address, message: delivered.put((address, message)))
    for n, name in ((1, "first"), (1, "other"), (2, "second")):
        store.record((ReleaseRecorded(release(n, subject=name)),), name, "recorded", "refused")
    store.close()
    assert [delivered.get(timeout=20) for _ in range(3)] == [
        ("first", "recorded"),
        ("other", "refused"),
        ("second", "recorded"),
    ]


def test_a_record_is_written_whole_or_not_at_all(store: Store, delivered: Delivered, release: Make) -> None:
    store.record((ReleaseRecorded(release(1)),))
    rows = (OverrideSet("bugfix", "web", "A", "1", 1.0, "ann"), ReleaseRecorded(release(1, subject="other")))
    store.record(rows, "service", "recorded", "refused")
    assert delivered.get(timeout=20) == ("service", "refused")
    assert store.load("bugfix", "web").overrides == ()


def test_overrides_are_set_replaced_and_unset(store: Store) -> None:
    store.record((OverrideSet("bugfix", "web", "LEVEL", "info", 1.0, "ann"),))
    store.record((OverrideSet("bugfix", "web", "LEVEL", "debug", 2.0, "bob"),))
    store.record((OverrideSet("bugfix", "web", "COLOUR", "red", 3.0, "bob"),))
    level, colour = Override("LEVEL", "debug", 2.0, "bob"), Override("COLOUR", "red", 3.0, "bob")
    assert store.load("bugfix", "web").overrides == (colour, level)
    store.record((OverrideUnset("bugfix", "web", "COLOUR", 4.0, "ann"),))
    assert store.load("bugfix", "web").overrides == (level,)
    assert store.load("main", "web").overrides == ()


def test_numbers_go_on_after_the_environment_returned_and_old_releases_stay_in_the_past(
    store: Store, release: Make
) -> None:
    store.record((ReleaseRecorded(release(1)), ReleaseServed("bugfix", "web", 1, 1.0)))
    store.record((EnvironmentRemoved("bugfix", 2.0),))
    store.record((EnvironmentReturned("bugfix"),))
    assert store.load("bugfix", "web") == Ledger(last_number=1)
    assert numbers_and_states(store) == [(1, "Superseded")]
    store.record((ReleaseRecorded(release(2)),))
    assert store.load("bugfix", "web").current == release(2)


def test_a_service_that_left_leaves_the_others_as_they_are(store: Store, release: Make) -> None:
    store.record((ReleaseRecorded(release(1)), ReleaseRecorded(release(1, service="app"))))
    store.record((ServiceRemoved("bugfix", "web", 2.0),))
    assert store.load("bugfix", "web").current is None
    assert store.load("bugfix", "app").current == release(1, service="app")


def test_overrides_of_a_removed_environment_are_kept_for_thirty_days(store: Store) -> None:
    store.record((OverrideSet("bugfix", "web", "LEVEL", "debug", 0.0, "ann"), EnvironmentRemoved("bugfix", 100.0)))
    store.purge(100.0 + 30 * DAY)
    assert store.load("bugfix", "web").overrides
    store.purge(101.0 + 30 * DAY)
    assert store.load("bugfix", "web").overrides == ()


@pytest.mark.parametrize("back", ["environment", "release"])
def test_overrides_of_what_came_back_are_kept(store: Store, release: Make, back: str) -> None:
    store.record((OverrideSet("bugfix", "web", "LEVEL", "debug", 0.0, "ann"), EnvironmentRemoved("bugfix", 1.0)))
    store.record((EnvironmentReturned("bugfix") if back == "environment" else ReleaseRecorded(release(1)),))
    store.purge(99 * DAY)
    assert store.load("bugfix", "web").overrides


def test_overrides_of_a_service_that_left_go_alone(store: Store) -> None:
    for service in ("web", "app"):
        store.record((OverrideSet("bugfix", service, "LEVEL", "debug", 0.0, "ann"),))
    store.record((ServiceRemoved("bugfix", "web", 1.0),))
    store.purge(99 * DAY)
    assert store.load("bugfix", "web").overrides == ()
    assert store.load("bugfix", "app").overrides


def test_events_are_told_per_environment_newest_last_and_forgotten_when_old(store: Store) -> None:
    store.record((Happened(1.0, "bugfix", "web", "Pushed", "9f2c1ab", "hook"), Happened(2.0, "main", "", "Seen", "x")))
    store.record((Happened(40 * DAY, "bugfix", "web", "Ready", "v1"),))
    assert [(e.kind, e.by) for e in store.events("bugfix", 10)] == [("Pushed", "hook"), ("Ready", "")]
    assert [e.kind for e in store.events(None, 2)] == ["Seen", "Ready"]
    store.purge(40 * DAY)
    assert [e.kind for e in store.events(None, 10)] == ["Ready"]
    store.record((Happened(41 * DAY, "bugfix", "web", "Gone", ""),))
    assert [e.sequence for e in store.events(None, 10)] == [3, 4]


def test_an_answer_comes_in_the_context_of_the_record_and_an_event_keeps_its_trace(path: Path) -> None:
    trace, seen = ContextVar("trace", default=""), Queue[str]()
    store = Store(path, lambda _address, _message: seen.put(trace.get()))
    for led in ("41", ""):
        trace.set(led)
        store.record((Happened(1.0, "bugfix", "web", "Seen", "x", trace=led),), "service", "recorded")
    assert [seen.get(timeout=20) for _ in range(2)] == ["41", ""]
    assert [event.trace for event in store.events("bugfix", 9)] == ["41", ""]
    store.close()


def test_a_file_of_the_first_version_is_brought_up_to_date(path: Path, store: Store) -> None:
    store.record((Happened(1.0, "bugfix", "web", "Seen", "x"),))
    store.close()
    with closing(sqlite3.connect(path)) as file:
        file.executescript("ALTER TABLE events DROP COLUMN trace; PRAGMA user_version=1")
    again = Store(path, lambda *_: None)
    again.record((Happened(2.0, "bugfix", "web", "Seen", "y", trace="41"),))
    assert [(event.text, event.trace) for event in again.events("bugfix", 9)] == [("x", ""), ("y", "41")]
    again.close()


def test_settling_waits_until_everything_is_on_disk(path: Path, store: Store) -> None:
    store.record((Happened(1.0, "bugfix", "web", "Seen", "x"),))
    store.settle()
    with closing(sqlite3.connect(path)) as file:
        assert file.execute("SELECT text FROM events").fetchall() == [("x",)]


def test_purging_keeps_the_newest_releases_and_the_last_good_one(store: Store, release: Make) -> None:
    for n in range(1, 8):
        store.record((ReleaseRecorded(release(n)), ReleaseRecorded(release(n, service="app"))))
    store.record((ReleaseServed("bugfix", "web", 2, 1.0),))
    store.purge(0.0, releases_kept=2)
    assert [number for number, _ in numbers_and_states(store)] == [7, 6, 2]
    assert [entry.number for entry in store.history("bugfix", "app")] == [7, 6]


def test_text_that_is_no_unicode_does_not_stop_an_event(store: Store, delivered: Delivered) -> None:
    store.record((Happened(1.0, "bugfix", "web", "Pushed", "branch \udcff"),), "service", "recorded")
    assert delivered.get(timeout=20) == ("service", "recorded")
    assert store.events(None, 1)[0].text == "branch \\udcff"


@pytest.mark.parametrize("hostile", [{"number": 2**63}, {"subject": "\udcff"}])
def test_a_release_that_cannot_be_written_is_refused(
    store: Store, delivered: Delivered, release: Make, hostile: dict[str, Any]
) -> None:
    store.record((ReleaseRecorded(release(**{"number": 1, **hostile})),), "service", "recorded", "refused")
    assert delivered.get(timeout=20) == ("service", "refused")


def test_a_receiver_that_fails_does_not_stop_the_store(path: Path, delivered: Delivered) -> None:
    def deliver(address: Any, message: Any) -> None:
        if address == "broken":
            raise RuntimeError("no such actor")
        delivered.put((address, message))

    store = Store(path, deliver)
    store.record((), "broken", "recorded")
    store.record((), "service", "recorded")
    assert delivered.get(timeout=20) == ("service", "recorded")
    store.close()


def test_closing_writes_what_waits_and_refuses_what_comes_later(path: Path, delivered: Delivered) -> None:
    store = Store(path, lambda address, message: delivered.put((address, message)))
    for n in range(600):
        store.record((Happened(1.0, "bugfix", "web", "Seen", str(n)),), n, "recorded", "refused")
    store.close()
    store.close()
    store.record((Happened(1.0, "bugfix", "web", "Seen", "late"),), "late", "recorded", "refused")
    assert [delivered.get(timeout=20) for _ in range(600)] == [(n, "recorded") for n in range(600)]
    assert delivered.get(timeout=20) == ("late", "refused")
    again = Store(path, lambda _address, _message: None)
    assert len(again.events(None, 1000)) == 600
    again.close()


def test_without_a_thread_the_answer_comes_before_record_returns(path: Path, release: Make) -> None:
    answers: list[tuple[Any, Any]] = []
    store = Store(path, lambda address, message: answers.append((address, message)), threaded=False)
    store.record((ReleaseRecorded(release(1)),), "service", "recorded", "refused")
    assert answers == [("service", "recorded")]
    assert store.load("bugfix", "web").current == release(1)
    store.close()
