"""No message is forgotten between a turn that ends and a sender that comes at that moment."""

from threading import Lock

import pytest
from thespian.actors import ActorAddress

from actors.engine.mailbox import TURN, Mailbox

NOBODY = ActorAddress("/nobody")


class Queue:
    """Keeps what asks for a worker."""

    def __init__(self):
        self.waiting = []
        self.put = self.waiting.append


class Thread:
    """A worker as a mailbox sees it."""

    def __init__(self, *, detached=False):
        self.since, self.detached = 0.0, detached


class Box(Mailbox):
    """Writes down what it is given; may close itself or let somebody in at a given message."""

    def __init__(self, queue):
        super().__init__(queue)
        self.handled, self.bounced = [], []

    def receive(self, message, sender, now):
        self.handled.append(message)
        if message == "close":
            self.close("dead")

    def bounce(self, message, sender):
        self.bounced.append(message)

    def refuse(self, message, sender):
        """Nothing is refused: there is no limit."""


class DoorThatLetsOneIn:
    """A turn; while it is given back for the first time, another thread posts."""

    def __init__(self, box):
        self.lock, self.box, self.late = Lock(), box, ["late"]

    def acquire(self, blocking):
        return self.lock.acquire(blocking=blocking)

    def release(self):
        while self.late:
            self.box.post(self.late.pop(), NOBODY)
        self.lock.release()


def test_a_message_that_comes_while_the_turn_is_given_back_is_handled():
    queue = Queue()
    box = Box(queue)
    box._turn = DoorThatLetsOneIn(box)
    box.post("first", NOBODY)
    while queue.waiting:
        queue.waiting.pop().run(Thread())
    assert box.handled == ["first", "late"]


def test_a_mailbox_queues_itself_once_however_much_arrives():
    queue = Queue()
    box = Box(queue)
    for number in range(5):
        box.post(number, NOBODY)
    assert queue.waiting == [box]
    assert box.length == 5


def test_a_long_mailbox_lets_others_have_their_turn():
    queue = Queue()
    box = Box(queue)
    for number in range(TURN + 1):
        box.post(number, NOBODY)
    queue.waiting.pop().run(Thread())
    assert len(box.handled) == TURN
    assert queue.waiting == [box]


def test_a_worker_that_was_replaced_hands_over_after_its_message():
    queue = Queue()
    box = Box(queue)
    for number in range(3):
        box.post(number, NOBODY)
    queue.waiting.pop().run(Thread(detached=True))
    assert box.handled == [0]
    assert queue.waiting == [box]


@pytest.mark.parametrize("late", [0, 3])
def test_what_waits_when_a_mailbox_closes_and_what_comes_later_bounces(late):
    queue = Queue()
    box = Box(queue)
    for message in ("close", "one", "two"):
        box.post(message, NOBODY)
    queue.waiting.pop().run(Thread())
    for number in range(late):
        box.post(number, NOBODY)
    assert box.handled == ["close"]
    assert box.bounced == ["one", "two", *range(late)]
    assert queue.waiting == []
