"""A person can pause an actor, let it take single steps, and send again what nobody handled."""

import logging
import threading

import pytest
from thespian.actors import Actor, ActorExitRequest

from actors.engine import (
    ActorState,
    Supervision,
    counters,
    letters,
    pause,
    replay,
    restart,
    resume,
    snapshot,
    step,
    supervised,
)
from tests.eventually import eventually


class Diary(Actor):
    """Writes down what it gets, and says when it has written."""

    def __init__(self, capabilities):
        self.written, self.news = capabilities["written"], capabilities["news"]

    def receiveMessage(self, message, sender):
        if not isinstance(message, ActorExitRequest):
            self.written.append(message)
            self.news.release()


@pytest.fixture
def diary(system, patience):
    written, news = system.capabilities["written"], system.capabilities["news"] = [], threading.Semaphore(0)
    actor = system.createActor(Diary)
    system.tell(actor, "begun")
    assert news.acquire(timeout=patience)
    written.clear()
    until(system, actor, ActorState.IDLE)
    return actor


def tell(system, actor, *messages):
    for message in messages:
        system.tell(actor, message)


def state(system, actor):
    return next(r for r in snapshot(system) if r.address == actor.actorAddressString)


def until(system, actor, expected):
    eventually(lambda: state(system, actor).state is expected, f"it is {expected}")


def test_a_paused_actor_handles_nothing_until_it_is_resumed(system, diary, patience):
    written, news = system.capabilities["written"], system.capabilities["news"]
    tell(system, diary, "before")
    assert news.acquire(timeout=patience)
    until(system, diary, ActorState.IDLE)
    pause(system, diary.actorAddressString)
    tell(system, diary, 1, 2, 3)
    until(system, diary, ActorState.PAUSED)
    assert state(system, diary).mailbox == 3
    assert not news.acquire(timeout=0.1)
    assert resume(system, diary.actorAddressString)
    for _ in range(3):
        assert news.acquire(timeout=patience)
    assert written == ["before", 1, 2, 3]
    assert not resume(system, diary.actorAddressString)


def test_a_step_lets_exactly_one_message_pass(system, diary, patience):
    written, news = system.capabilities["written"], system.capabilities["news"]
    pause(system, diary.actorAddressString)
    tell(system, diary, "one", 2)
    assert step(system, diary.actorAddressString) == "str"
    assert news.acquire(timeout=patience)
    assert not news.acquire(timeout=0.1)
    assert written == ["one"]
    assert step(system, diary.actorAddressString) == "int"
    assert news.acquire(timeout=patience)
    assert written == ["one", 2]
    assert step(system, diary.actorAddressString) == ""


def test_a_step_of_an_actor_that_is_not_paused_does_nothing(system, diary):
    assert step(system, diary.actorAddressString) == ""


def test_a_request_to_exit_ends_a_pause_after_what_waited_before_it(system, diary, patience):
    written, news = system.capabilities["written"], system.capabilities["news"]
    pause(system, diary.actorAddressString)
    tell(system, diary, 1, ActorExitRequest())
    assert news.acquire(timeout=patience)
    assert system.ask(diary, "gone?", patience) is None
    assert written == [1]


def test_a_shutdown_does_not_wait_for_paused_actors(system, diary, patience):
    pause(system, diary.actorAddressString)
    tell(system, diary, 1)
    system.shutdown()
    assert system.capabilities["written"] == [1]


def test_nothing_is_lost_and_nothing_overlaps_while_an_actor_is_paused_and_resumed_all_the_time(
    system, diary, patience
):
    written, news, most = system.capabilities["written"], system.capabilities["news"], 3000
    over = threading.Event()

    def steer():
        while not over.is_set():
            pause(system, diary.actorAddressString)
            step(system, diary.actorAddressString)
            resume(system, diary.actorAddressString)

    steering = [threading.Thread(target=steer) for _ in range(2)]
    for thread in steering:
        thread.start()
    tell(system, diary, *range(most))
    for _ in range(most):
        assert news.acquire(timeout=patience)
    over.set()
    for thread in steering:
        thread.join(patience)
    assert written == list(range(most))


def test_nobody_at_an_address_is_told(system):
    for steer in (pause, resume, step):
        with pytest.raises(LookupError, match="/A0"):
            steer(system, "/A0")


@supervised(Supervision(backoff=(60.0, 60.0), max_restarts=1))
class Counting(Actor):
    def __init__(self):
        self.count = 0

    def receiveMessage(self, message, sender):
        if message == "count":
            self.count += 1
            self.send(sender, self.count)
        elif message == "child":
            self.send(sender, self.createActor(Counting))


def test_a_restart_gives_a_new_instance_at_once_however_often_it_is_asked_for(system, patience):
    actor = system.createActor(Counting)
    child = system.ask(actor, "child", patience)
    for _ in range(3):
        assert [system.ask(actor, "count", patience) for _ in range(2)] == [1, 2]
        restart(system, actor.actorAddressString)
    assert system.ask(actor, "count", patience) == 1
    assert state(system, actor).restarts == 3
    assert counters(system).restarts_of == (("Counting", 3),)
    assert system.ask(child, "count", patience) is None


def test_only_supervised_actors_can_be_restarted(system, diary):
    with pytest.raises(ValueError, match="not supervised"):
        restart(system, diary.actorAddressString)


class Well(Actor):
    def receiveMessage(self, message, sender):
        if message == "how are you?":
            self.send(sender, "well")


def test_a_dead_letter_is_kept_and_can_be_sent_to_whoever_took_the_place(system, diary, patience, caplog):
    caplog.set_level(logging.CRITICAL, "actors.engine")
    ended = system.createActor(Well)
    system.tell(ended, ActorExitRequest())
    assert system.ask(ended, "how are you?", patience) is None
    eventually(lambda: len(snapshot(system)) == 1, "only the diary is left")
    (letter,) = letters(system)
    assert (letter.message, letter.reason, letter.target) == ("how are you?", "dead", ended)
    with pytest.raises(LookupError, match=ended.actorAddressString):
        replay(system, letter.number)
    assert letters(system) == (letter,)
    replay(system, letter.number, system.createActor(Well).actorAddressString)
    assert system.listen(patience) == "well"
    assert letters(system) == ()
    with pytest.raises(LookupError, match=f"no dead letter {letter.number}"):
        replay(system, letter.number, ended.actorAddressString)
