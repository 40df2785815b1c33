"""Messages between two parties arrive in order, and an actor handles one at a time, whatever threads take part."""

import threading
from collections import defaultdict

import pytest
from thespian.actors import Actor, ActorTypeDispatcher

from actors.engine import expect_blocking

THREADS = 8
ACTORS = 12
EACH = 250


class Ledger(Actor):
    """Writes down who said what; gives its worker away at times, so that several are awake."""

    def __init__(self):
        self.heard = defaultdict(list)
        self.alone = threading.Lock()
        self.overlaps = 0

    def receiveMessage(self, message, sender):
        if not self.alone.acquire(blocking=False):
            self.overlaps += 1
            return
        if message == "report":
            self.send(sender, (dict(self.heard), self.overlaps))
        elif isinstance(message, tuple):
            speaker, number = message
            if number % 50 == 0:
                expect_blocking()
            self.heard[speaker].append(number)
        self.alone.release()


def test_each_thread_is_heard_in_its_order_and_never_two_at_once(system, patience):
    ledgers = [system.createActor(Ledger) for _ in range(ACTORS)]

    def speak(speaker):
        with system.private() as outside:
            for number in range(EACH):
                for ledger in ledgers:
                    outside.tell(ledger, (speaker, number))

    threads = [threading.Thread(target=speak, args=(speaker,)) for speaker in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(patience)
    for ledger in ledgers:
        heard, overlaps = system.ask(ledger, "report", patience)
        assert heard == {speaker: list(range(EACH)) for speaker in range(THREADS)}
        assert overlaps == 0


class Relay(ActorTypeDispatcher):
    """Passes numbers on to a ledger that another actor created."""

    def receiveMsg_tuple(self, message, sender):
        ledger, speaker = message
        for number in range(EACH):
            self.send(ledger, (speaker, number))


def test_actors_are_heard_in_their_order_too(system, patience):
    ledger = system.createActor(Ledger)
    for speaker in range(THREADS):
        system.tell(system.createActor(Relay), (ledger, speaker))

    def all_heard():
        heard, _ = system.ask(ledger, "report", patience)
        return sum(map(len, heard.values())) == THREADS * EACH

    assert any(all_heard() for _ in range(1000))
    heard, overlaps = system.ask(ledger, "report", patience)
    assert heard == {speaker: list(range(EACH)) for speaker in range(THREADS)}
    assert overlaps == 0


class SlowStarter(Actor):
    def __init__(self, capabilities):
        capabilities["gate"].wait(30)
        self.heard = []

    def receiveMessage(self, message, sender):
        self.heard.append(message)
        if message == "report":
            self.send(sender, self.heard)


@pytest.mark.parametrize("early", [0, 1, 200])
def test_what_is_sent_before_an_actor_has_started_waits_for_it_in_order(system, patience, early):
    gate = system.capabilities["gate"] = threading.Event()
    actor = system.createActor(SlowStarter)
    for number in range(early):
        system.tell(actor, number)
    gate.set()
    assert system.ask(actor, "report", patience) == [*range(early), "report"]
