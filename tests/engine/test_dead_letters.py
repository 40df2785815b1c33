"""A message is handled or becomes a dead letter; the handler that registered last gets it."""

import logging
import threading

import pytest
from thespian.actors import Actor, ActorAddress, ActorExitRequest, ActorTypeDispatcher
from thespian.system.messages.status import Thespian_StatusReq

from actors.engine import counters
from tests.eventually import eventually


@pytest.fixture(autouse=True)
def _quiet(caplog):
    caplog.set_level(logging.CRITICAL, "actors.engine")


class Undertaker(ActorTypeDispatcher):
    def __init__(self):
        self.letters = []

    def receiveMsg_str(self, message, sender):
        if message == "register":
            self.handleDeadLetters()
        if message == "deregister":
            self.handleDeadLetters(startHandling=False)
        self.send(sender, list(self.letters))

    def receiveMsg_DeadEnvelope(self, envelope, sender):
        self.letters.append((envelope.deadAddress.actorAddressString, envelope.deadMessage))


class Counting(Actor):
    def __init__(self, capabilities):
        self.tally = capabilities["tally"]

    def receiveMessage(self, message, sender):
        if isinstance(message, int):
            self.tally.append(message)


def test_every_message_is_handled_or_a_dead_letter_while_actors_exit(system, patience):
    tally = system.capabilities["tally"] = []
    threads, actors, each = 6, 40, 60
    targets = [system.createActor(Counting) for _ in range(actors)]
    start = threading.Barrier(threads + 1)

    def send():
        with system.private() as outside:
            start.wait(patience)
            for number in range(each):
                for target in targets:
                    outside.tell(target, number)

    senders = [threading.Thread(target=send) for _ in range(threads)]
    for thread in senders:
        thread.start()
    start.wait(patience)
    for target in targets:
        system.tell(target, ActorExitRequest())
    for thread in senders:
        thread.join(patience)
    assert all(system.ask(target, "gone?", patience) is None for target in targets)
    base = system._systemBase
    system.shutdown()  # a worker may hold a letter until then
    dead = dict(counters(base).dead_letters)
    assert set(dead) <= {"dead", "exiting"}
    assert len(tally) + sum(dead.values()) == threads * actors * each + actors


def test_a_letter_to_an_ended_actor_reaches_the_handler(system, patience):
    undertaker = system.createActor(Undertaker)
    ended = system.createActor(Undertaker)
    system.ask(undertaker, "register", patience)
    system.tell(ended, ActorExitRequest())
    assert system.ask(ended, "too late", patience) is None
    assert system.ask(undertaker, "letters?", patience) == [(ended.actorAddressString, "too late")]


def test_only_the_handler_that_registered_last_gets_letters_and_the_first_does_not_come_back(system, patience):
    first, second = system.createActor(Undertaker), system.createActor(Undertaker)
    ended = system.createActor(Undertaker)
    system.tell(ended, ActorExitRequest())
    for handler in (first, second):
        system.ask(handler, "register", patience)
    system.ask(first, "deregister", patience)
    system.ask(ended, "one", patience)
    system.tell(second, ActorExitRequest())
    assert system.ask(second, "gone?", patience) is None
    eventually(lambda: registered(system, patience) is None, "nobody gets letters")
    system.ask(ended, "two", patience)
    assert system.ask(first, "letters?", patience) == []


def registered(system, patience):
    return system.ask(system.systemAddress, Thespian_StatusReq(), patience).deadLetterHandler


class SlowToLeave(ActorTypeDispatcher):
    """Waits in its exit for a child that waits for a gate."""

    def __init__(self, capabilities):
        self.gate, self.leaving = capabilities["gate"], capabilities["leaving"]

    def receiveMsg_str(self, message, sender):
        if message == "have a child":
            self.send(self.createActor(SlowToLeave), "wait")
            self.send(sender, "expecting")
        elif message == "wait":
            self.gate.wait(30)

    def receiveMsg_ActorExitRequest(self, message, sender):
        self.leaving.set()


def test_a_message_to_an_exiting_actor_is_a_dead_letter_and_its_question_is_answered_with_nothing(system, patience):
    gate = system.capabilities["gate"] = threading.Event()
    leaving = system.capabilities["leaving"] = threading.Event()
    actor = system.createActor(SlowToLeave)
    system.ask(actor, "have a child", patience)
    system.tell(actor, ActorExitRequest())
    assert leaving.wait(patience)
    assert system.ask(actor, "too late", None) is None
    assert dict(counters(system).dead_letters) == {"exiting": 1}
    gate.set()


class NeverStarts(Actor):
    def __init__(self):
        raise ValueError("no")


def test_asking_one_that_never_started_returns_without_an_answer(system):
    assert system.ask(system.createActor(NeverStarts), "hello", None) is None
    assert dict(counters(system).dead_letters) == {"never-started": 1}


def test_asking_an_unknown_address_returns_without_an_answer(system):
    assert system.ask(ActorAddress("/A0"), "hello", None) is None
    assert dict(counters(system).dead_letters) == {"unknown": 1}


def test_a_question_that_waits_when_its_actor_ends_returns_without_an_answer(system, patience):
    gate = system.capabilities["gate"] = threading.Event()
    system.capabilities["leaving"] = threading.Event()
    actor = system.createActor(SlowToLeave)
    system.tell(actor, "wait")
    system.tell(actor, ActorExitRequest())
    with system.private() as outside:
        answers = []
        asking = threading.Thread(target=lambda: answers.append(outside.ask(actor, "too late", None)))
        asking.start()
        gate.set()
        asking.join(patience)
    assert answers == [None]


def test_an_answer_that_came_before_the_end_is_heard(system, patience):
    undertaker = system.createActor(Undertaker)
    system.tell(undertaker, "hello")
    system.tell(undertaker, ActorExitRequest())
    assert system.listen(patience) == []
