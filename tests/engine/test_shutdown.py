"""Shutdown ends all actors and all threads, in bounded time, however often and from wherever it is called."""

import logging
import threading

import pytest
from thespian.actors import Actor, ActorExitRequest, ActorSystemFailure

from actors.engine import counters, make_base, open_system
from tests.eventually import eventually


class Busy(Actor):
    """Has a child and a wakeup far away; leaves a note when it is asked to exit."""

    def __init__(self, capabilities):
        self.left = capabilities.get("left", [])

    def receiveMessage(self, message, sender):
        if message == "settle":
            self.createActor(Busy)
            self.wakeupAfter(3600)
        if isinstance(message, ActorExitRequest):
            self.left.append(self.myAddress)


def test_no_engine_thread_is_left_and_every_actor_was_asked_to_exit(patience, engine_threads):
    capabilities = {"left": []}
    system = open_system(capabilities)
    for _ in range(20):
        system.tell(system.createActor(Busy), "settle")
    assert engine_threads() != []
    system.shutdown()
    assert engine_threads() == []
    assert len(capabilities["left"]) == 40


def test_a_second_shutdown_does_nothing(engine_threads):
    base = make_base({})
    base.shutdown()
    base.shutdown()
    assert engine_threads() == []


def test_shutdowns_at_once_all_return_when_it_is_done(patience, engine_threads):
    base = make_base({})
    for _ in range(100):
        base.newPrimaryActor(Busy, None, None, None)
    threads = [threading.Thread(target=base.shutdown) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(patience)
    assert engine_threads() == []
    assert counters(base).actors == 0


class Stopper(Actor):
    def receiveMessage(self, message, sender):
        if message == "stop":
            self.actorSystemShutdown()


def test_an_actor_can_stop_the_system(patience, engine_threads):
    system = open_system({})
    system.tell(system.createActor(Stopper), "stop")
    for thread in threading.enumerate():
        if thread.name.startswith("engine-"):
            thread.join(patience)
    system.shutdown()
    eventually(lambda: engine_threads() == [], "every thread has ended")


class Hangs(Actor):
    def __init__(self, capabilities):
        self.gate, self.inside = capabilities["gate"], capabilities["inside"]

    def receiveMessage(self, message, sender):
        self.inside.set()
        self.gate.wait(60)


def test_a_handler_that_hangs_is_named_and_not_waited_for(patience, engine_threads, caplog):
    capabilities = {"gate": threading.Event(), "inside": threading.Event()}
    system = open_system(capabilities, patience=0.05)
    actor = system.createActor(Hangs)
    system.tell(actor, "hang")
    assert capabilities["inside"].wait(patience)
    system.shutdown()
    assert f"Hangs at {actor.actorAddressString}" in caplog.text
    assert "1 handlers hang" in caplog.text
    capabilities["gate"].set()
    for thread in threading.enumerate():
        if thread.name.startswith("engine-"):
            thread.join(patience)
    assert engine_threads() == []


def test_after_shutdown_nothing_is_created_and_messages_are_dead_letters(patience, caplog):
    caplog.set_level(logging.CRITICAL, "actors.engine")
    base = make_base({})
    actor = base.newPrimaryActor(Busy, None, None, None)
    base.shutdown()
    with pytest.raises(ActorSystemFailure, match="shutting down"):
        base.newPrimaryActor(Busy, None, None, None)
    base.tell(actor, "hello")
    assert base.ask(actor, "hello", None) is None
    assert dict(counters(base).dead_letters) == {"dead": 2}


class Silent(Actor):
    def receiveMessage(self, message, sender):
        self.createActor(Busy)


def test_who_waits_for_an_answer_waits_no_longer_than_the_system_lives(patience):
    system, answers = open_system({}), []
    silent = system.createActor(Silent)
    asker = threading.Thread(target=lambda: answers.append(system.ask(silent, "anybody?", 300)))
    asker.start()
    eventually(lambda: counters(system).actors == 2, "the question was read")
    system.shutdown()
    asker.join(patience)
    assert answers == [None]


class Ward(Actor):
    def receiveMessage(self, message, sender):
        if message == "child?":
            self.send(sender, self.createActor(Ward))
        if isinstance(message, ActorExitRequest):
            message.notRecursive()


def test_orphans_of_the_shutdown_itself_are_ended_too(patience):
    system = open_system({})
    base = system._systemBase
    for _ in range(20):
        system.ask(system.createActor(Ward), "child?", patience)
    system.shutdown()
    assert (counters(base).created, counters(base).ended) == (40, 40)
