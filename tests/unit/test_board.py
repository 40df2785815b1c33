"""Readers see the newest picture of each environment, and are told of every change."""

import threading
from dataclasses import replace

from orchestrator.adapters.board import Board, Change, Removed
from orchestrator.domain.snapshot import EnvironmentView, EventView
from orchestrator.domain.status import Health


def view(environment: str, branch: str = "", *, baseline: bool = False, note: str = "") -> EnvironmentView:
    return EnvironmentView(environment, branch or environment, baseline, Health.READY, note, 1.0)


def test_an_empty_board_shows_nothing() -> None:
    assert Board().read() == ()
    assert Board().get("main") is None


def test_the_baseline_comes_first_then_names_in_order() -> None:
    board = Board()
    for shown in (view("zebra"), view("main", baseline=True), view("bugfix")):
        board.publish(shown)
    assert [shown.environment for shown in board.read()] == ["main", "bugfix", "zebra"]


def test_a_newer_picture_replaces_the_older() -> None:
    board = Board()
    board.publish(view("bugfix", note="old"))
    board.publish(view("bugfix", note="new"))
    assert [shown.note for shown in board.read()] == ["new"]


def test_an_environment_is_found_by_either_of_its_names() -> None:
    board, shown = Board(), view("feature-login-k3v9", "feature/LOGIN")
    board.publish(shown)
    assert board.get("feature/LOGIN") == board.get("feature-login-k3v9") == shown
    assert board.get("feature") is None


def test_an_environment_of_that_name_wins_over_a_branch_of_that_name() -> None:
    board = Board()
    board.publish(view("main", "master", baseline=True))
    board.publish(view("master-k3v9", "main"))
    found = board.get("main")
    assert found is not None
    assert found.baseline


def test_a_removed_environment_is_shown_no_more() -> None:
    board = Board()
    board.publish(view("bugfix"))
    board.remove("bugfix")
    assert board.read() == ()


def test_subscribers_are_told_of_changes_and_of_nothing_else() -> None:
    board, seen = Board(), list[Change]()
    event = EventView(1, 1.0, "bugfix", "web", "Ready", "v1")
    board.subscribe(seen.append)
    board.publish(view("bugfix"))
    board.publish(view("bugfix"))
    board.happened(event)
    board.remove("bugfix")
    board.remove("bugfix")
    assert seen == [view("bugfix"), event, Removed("bugfix")]


def test_a_change_can_be_read_by_the_time_it_is_called_out() -> None:
    board, read = Board(), list[tuple[EnvironmentView, ...]]()
    board.subscribe(lambda _: read.append(board.read()))
    board.publish(view("bugfix"))
    assert read == [(view("bugfix"),)]


def test_an_unsubscribed_reader_hears_nothing_more_and_others_do() -> None:
    board, gone, there = Board(), list[Change](), list[Change]()
    end = board.subscribe(gone.append)
    board.subscribe(there.append)
    end()
    end()
    board.publish(view("bugfix"))
    assert (len(gone), len(there)) == (0, 1)


def test_a_failing_reader_harms_neither_the_publisher_nor_the_others() -> None:
    board, seen = Board(), list[Change]()

    def fail(_: Change) -> None:
        raise RuntimeError("the reader left")

    board.subscribe(fail)
    board.subscribe(seen.append)
    board.publish(view("bugfix"))
    assert seen == [view("bugfix")]


def test_a_reader_within_a_slow_call_out_is_not_blocked() -> None:
    board, entered, leave = Board(), threading.Event(), threading.Event()

    def slow(_: Change) -> None:
        entered.set()
        leave.wait(10)

    board.subscribe(slow)
    publisher = threading.Thread(target=board.publish, args=(view("bugfix"),))
    publisher.start()
    assert entered.wait(10)
    assert board.get("bugfix") == view("bugfix")
    leave.set()
    publisher.join(10)


def test_publishers_of_different_environments_lose_nothing() -> None:
    board = Board()

    def publish(name: str) -> None:
        for n in range(100):
            board.publish(replace(view(name), changed=float(n)))

    threads = [threading.Thread(target=publish, args=(f"branch-{n}",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert [shown.changed for shown in board.read()] == [99.0] * 8
