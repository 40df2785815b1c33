"""A trace goes wherever a message leads: to other actors, through timers, into dead letters."""

import threading

import pytest
from thespian.actors import Actor, ActorExitRequest, WakeupMessage

from actors.engine import adopt, counters, current_trace, letters, traced


class Relay(Actor):
    """Answers with its trace: itself, through another actor, or after a while."""

    def receiveMessage(self, message, sender):
        if message == "adopt":
            adopt("found out")
            self.send(self.myAddress, ("tell", sender))
        elif message == "pass on":
            self.send(self.createActor(Relay), ("tell", sender))
        elif message == "later":
            self.asker = sender
            self.wakeupAfter(0.01)
        elif isinstance(message, WakeupMessage):
            self.send(self.asker, current_trace())
        elif isinstance(message, tuple):
            self.send(message[1], current_trace())


@pytest.mark.parametrize("way", ["pass on", "later"])
def test_a_trace_is_inherited_by_what_follows(system, patience, way):
    relay = system.createActor(Relay)
    with traced("41"):
        assert system.ask(relay, way, patience) == "41"
    assert system.ask(relay, way, patience) == ""


def test_a_handler_can_find_out_what_it_belongs_to(system, patience):
    relay = system.createActor(Relay)
    assert system.ask(relay, "adopt", patience) == "found out"
    assert system.ask(relay, "pass on", patience) == ""


def test_traces_of_interleaved_messages_are_not_mixed(system, patience):
    relay = system.createActor(Relay)
    answers = {}

    def ask(name):
        with traced(name), system.private() as outside:
            answers[name] = {outside.ask(relay, "pass on", patience) for _ in range(50)}

    threads = [threading.Thread(target=ask, args=(str(number),)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(patience)
    assert answers == {str(number): {str(number)} for number in range(4)}


def test_a_dead_letter_keeps_its_trace(system, patience):
    relay = system.createActor(Relay)
    system.tell(relay, ActorExitRequest())
    with traced("41"):
        assert system.ask(relay, "pass on", patience) is None
    assert [letter.trace for letter in letters(system)] == ["41"]


class Slow(Actor):
    def receiveMessage(self, message, sender):
        threading.Event().wait(message)
        self.send(sender, "done")


def test_handlers_are_timed_by_class(system, patience):
    relay, slow = system.createActor(Relay), system.createActor(Slow)
    for _ in range(20):
        system.ask(relay, "pass on", patience)
    system.ask(slow, 0.06, patience)
    system.ask(slow, 0.0, patience)
    timed = dict(counters(system).handlers)
    assert timed["Relay"].count >= 40
    assert timed["Slow"].seconds >= 0.06
    assert timed["Slow"].percentile(99) >= 0.05
    assert timed["Relay"].percentile(50) < 0.05


def test_the_run_queue_is_probed_while_something_runs(system, patience):
    slow = system.createActor(Slow)
    while not counters(system).delays.count:
        system.ask(slow, 0.02, patience)
    assert counters(system).delays.seconds > 0
