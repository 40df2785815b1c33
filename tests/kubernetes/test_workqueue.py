"""Each thing is looked at once however often it is named, and never by two at once."""

import threading
from collections import Counter

from orchestrator.runtimes.kubernetes.workqueue import WorkQueue
from tests.eventually import DEADLINE, eventually


def at_once(_seconds: float) -> None:
    """Give way to nothing."""


def test_a_thing_that_is_named_while_it_is_looked_at_is_looked_at_once_more() -> None:
    began, go_on, seen = threading.Event(), threading.Event(), list[str]()

    def look(thing: str) -> None:
        seen.append(thing)
        began.set()
        assert go_on.wait(DEADLINE)

    queue = WorkQueue("test", look, 2, at_once)
    queue.start()
    queue.add("a")
    assert began.wait(DEADLINE)
    for _ in range(3):
        queue.add("a")
    assert seen == ["a"]
    go_on.set()
    eventually(lambda: seen == ["a", "a"], "the second look")
    queue.close(DEADLINE)
    assert seen == ["a", "a"]


def test_other_things_are_looked_at_meanwhile() -> None:
    stuck, other = threading.Event(), threading.Event()

    def look(thing: str) -> None:
        if thing == "b":
            other.set()
        else:
            stuck.wait(DEADLINE)

    queue = WorkQueue("test", look, 2, at_once)
    queue.start()
    queue.add("a")
    queue.add("b")
    assert other.wait(DEADLINE)
    stuck.set()
    queue.close(DEADLINE)


def test_what_is_put_off_comes_later_and_not_before_what_is_put_off_less() -> None:
    seen, both = list[str](), threading.Event()

    def look(thing: str) -> None:
        seen.append(thing)
        if len(seen) == 2:
            both.set()

    queue = WorkQueue("test", look, 1, at_once)
    queue.start()
    queue.later("second", 0.2)
    queue.later("first", 0.05)
    assert both.wait(DEADLINE)
    queue.close(DEADLINE)
    assert seen == ["first", "second"]


def test_no_thing_is_ever_looked_at_twice_at_once() -> None:
    running, together, done = Counter[int](), list[int](), threading.Semaphore(0)

    def look(thing: int) -> None:
        running[thing] += 1
        together.append(running[thing])
        running[thing] -= 1
        done.release()

    queue = WorkQueue("test", look, 4, at_once)
    queue.start()
    for number in range(400):
        queue.add(number % 5)
    for number in range(5):
        assert done.acquire(timeout=DEADLINE), number
    queue.close(DEADLINE)
    assert set(together) == {1}


class Urgent:
    """Something to give way to, until it is over."""

    def __init__(self) -> None:
        self.waited = list[float]()
        self.asked, self.over = threading.Event(), threading.Event()

    def give_way(self, seconds: float) -> None:
        self.waited.append(seconds)
        self.asked.set()
        assert self.over.wait(DEADLINE)


def test_a_look_gives_way_for_a_second_at_most_and_what_is_named_meanwhile_is_the_same_look() -> None:
    urgent, seen = Urgent(), list[str]()
    queue = WorkQueue("test", seen.append, 1, urgent.give_way)
    queue.start()
    queue.add("a")
    assert urgent.asked.wait(DEADLINE)
    queue.add("a")
    queue.add("b")
    urgent.over.set()
    eventually(lambda: seen == ["a", "b"], "both looks")
    queue.close(DEADLINE)
    assert len(urgent.waited) == 2
    assert all(seconds <= 1.0 for seconds in urgent.waited)
    assert urgent.waited[1] < urgent.waited[0]


def test_a_look_that_gave_way_does_not_begin_after_the_end() -> None:
    urgent, seen = Urgent(), list[str]()
    queue = WorkQueue("test", seen.append, 1, urgent.give_way)
    queue.start()
    queue.add("a")
    assert urgent.asked.wait(DEADLINE)
    queue.close(0.0)
    urgent.over.set()
    queue.close(DEADLINE)
    assert seen == []
