"""A message that fails is handled once more by the same instance, then goes back to its sender as poison."""

import logging

import pytest
from thespian.actors import Actor, ActorTypeDispatcher, PoisonMessage, WakeupMessage


@pytest.fixture(autouse=True)
def _quiet(caplog):
    caplog.set_level(logging.CRITICAL, "actors.engine")


class Fragile(Actor):
    """Fails in the first `failures` attempts at each message; keeps what it did in them."""

    def __init__(self):
        self.failures = 0
        self.attempts = []

    def receiveMessage(self, message, sender):
        if isinstance(message, int):
            self.failures = message
        elif message == "attempts":
            self.send(sender, tuple(self.attempts))
        elif isinstance(message, str):
            self.attempts.append(message)
            if len(self.attempts) <= self.failures:
                raise ValueError("not yet")
            self.send(sender, f"did {message}")
        elif isinstance(message, PoisonMessage):
            self.attempts.append(message.poisonMessage)
            raise ValueError("even this")


def test_a_message_that_fails_once_succeeds_on_the_same_instance(system, patience):
    actor = system.createActor(Fragile)
    system.tell(actor, 1)
    assert system.ask(actor, "work", patience) == "did work"
    assert system.ask(actor, "attempts", patience) == ("work", "work")


def test_a_message_that_fails_twice_comes_back_with_the_traceback_and_the_actor_goes_on(system, patience):
    actor = system.createActor(Fragile)
    system.tell(actor, 2)
    poison = system.ask(actor, "work", patience)
    assert isinstance(poison, PoisonMessage)
    assert poison.poisonMessage == "work"
    assert "ValueError: not yet" in poison.details
    assert system.ask(actor, "more", patience) == "did more"


def test_messages_behind_a_failing_one_keep_their_order(system, patience):
    actor = system.createActor(Fragile)
    system.tell(actor, 2)
    for word in ("first", "second", "third"):
        system.tell(actor, word)
    assert [str(system.listen(patience))[:13] for _ in range(3)] == ["Poison<first>", "did second", "did third"]


def test_poison_that_fails_is_not_answered_with_poison(system, patience):
    actor = system.createActor(Fragile)
    system.tell(actor, PoisonMessage("bitter"))
    assert system.ask(actor, "attempts", patience) == ("bitter", "bitter")


class Insomniac(ActorTypeDispatcher):
    def receiveMsg_str(self, message, sender):
        self.asker = sender
        self.wakeupAfter(0.0, message)

    def receiveMsg_WakeupMessage(self, message, sender):
        raise ValueError("tired")

    def receiveMsg_PoisonMessage(self, message, sender):
        self.send(self.asker, (message.poisonMessage.payload, type(message.poisonMessage), sender == self.myAddress))


def test_a_wakeup_that_fails_comes_back_to_the_actor_itself(system, patience):
    assert system.ask(system.createActor(Insomniac), "dawn", patience) == ("dawn", WakeupMessage, True)


class Misdirected(Actor):
    def receiveMessage(self, message, sender):
        self.send("nowhere", message)


def test_sending_to_something_that_is_no_address_is_a_failure_of_the_sender(system, patience):
    poison = system.ask(system.createActor(Misdirected), "hello", patience)
    assert "InvalidActorAddress" in poison.details


def test_an_actor_without_a_handler_poisons_the_sender(system, patience):
    assert isinstance(system.ask(system.createActor(Actor), "hello", patience), PoisonMessage)
