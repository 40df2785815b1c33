"""Each thing is looked at once however often it is named, and never by two at once."""

import threading
from collections import Counter

from orchestrator.runtimes.kubernetes.workqueue import WorkQueue
from tests.eventually import DEADLINE, eventually


def test_a_thing_that_is_named_while_it_is_looked_at_is_looked_at_once_more() -> None:
    began, go_on, seen = threading.Event(), threading.Event(), list[str]()

    def look(thing: str) -> None:
        seen.append(thing)
        began.set()
        assert go_on.wait(DEADLINE)

    queue = WorkQueue("test", look, 2)
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
    queue = WorkQueue[str]("test", lambda thing: (other.set() if thing == "b" else stuck.wait(DEADLINE), None)[1], 2)
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

    queue = WorkQueue("test", look, 1)
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

    queue = WorkQueue("test", look, 4)
    queue.start()
    for number in range(400):
        queue.add(number % 5)
    for number in range(5):
        assert done.acquire(timeout=DEADLINE), number
    queue.close(DEADLINE)
    assert set(together) == {1}


def test_a_look_gives_way_for_a_second_at_most_and_what_is_named_meanwhile_is_the_same_look() -> None:
    waited, go_on, seen = list[float](), threading.Event(), list[str]()
    asked = threading.Event()

    def give_way(seconds: float) -> None:
        waited.append(seconds)
        asked.set()
        assert go_on.wait(DEADLINE)

    queue = WorkQueue("test", seen.append, 1, give_way)
    queue.start()
    queue.add("a")
    assert asked.wait(DEADLINE)
    queue.add("a")
    queue.add("b")
    go_on.set()
    eventually(lambda: seen == ["a", "b"], "both looks")
    queue.close(DEADLINE)
    assert len(waited) == 2
    assert all(seconds <= 1.0 for seconds in waited)
    assert waited[1] < waited[0]


def test_a_look_that_gave_way_does_not_begin_after_the_end() -> None:
    asked, go_on, seen = threading.Event(), threading.Event(), list[str]()

    def give_way(_seconds: float) -> None:
        asked.set()
        assert go_on.wait(DEADLINE)

    queue = WorkQueue("test", seen.append, 1, give_way)
    queue.start()
    queue.add("a")
    assert asked.wait(DEADLINE)
    queue.close(0.0)
    go_on.set()
    queue.close(DEADLINE)
    assert seen == []
