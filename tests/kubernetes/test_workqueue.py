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
