"""A supervised actor that fails goes on as a new instance: same address, same mailbox, without what it failed in."""

import logging
import sys
import threading

import pytest
from thespian.actors import (
    Actor,
    ActorExitRequest,
    ActorTypeDispatcher,
    ChildActorExited,
    PoisonMessage,
    WakeupMessage,
)

from actors.engine import ActorState, ChildActorFailed, Supervision, Then, counters, open_system, snapshot, supervised

SOON = (0.001, 0.002)
NEVER = (3600.0, 3600.0)


@pytest.fixture(autouse=True)
def _quiet(caplog):
    caplog.set_level(logging.CRITICAL, "actors.engine")


class Counting(Actor):
    """Answers with all that this instance has heard; fails in what begins with `fail`."""

    def __init__(self):
        self.heard = []

    def receiveMessage(self, message, sender):
        if isinstance(message, str):
            self.heard.append(message)
            if message.startswith("fail"):
                raise ValueError(message)
            if message == "exit":
                sys.exit(1)
            self.send(sender, tuple(self.heard))


@supervised(Supervision(backoff=SOON))
class Quick(Counting):
    pass


@supervised(Supervision(backoff=SOON, tries=3, max_restarts=100))
class Patient(Counting):
    pass


@supervised(Supervision(backoff=NEVER, tries=2))
class Resting(Counting):
    pass


@supervised(Supervision(backoff=SOON, restart=(KeyError,)))
class Choosy(Counting):
    pass


class Undertaker(ActorTypeDispatcher):
    def __init__(self):
        self.letters = []

    def receiveMsg_str(self, message, sender):
        self.handleDeadLetters()
        self.send(sender, tuple(self.letters))

    def receiveMsg_DeadEnvelope(self, envelope, sender):
        self.letters.append((envelope.deadMessage, envelope.reason, envelope.failure))


def test_a_new_instance_at_the_same_address_handles_what_waited(system, patience):
    actor = system.createActor(Quick)
    for message in ("one", "fail", "two", "three"):
        system.tell(actor, message)
    answers = [system.listen(patience) for _ in range(4)]
    assert answers[0] == ("one",)
    assert isinstance(answers[1], PoisonMessage)
    assert answers[2:] == [("two",), ("two", "three")]


def test_the_sender_learns_of_the_poison_and_the_dead_letter_says_why(system, patience):
    undertaker, actor = system.createActor(Undertaker), system.createActor(Quick)
    system.ask(undertaker, "register", patience)
    poison = system.ask(actor, "fail badly", patience)
    assert (poison.poisonMessage, "ValueError: fail badly" in poison.details) == ("fail badly", True)
    assert system.ask(actor, "more", patience) == ("more",)
    assert system.ask(undertaker, "letters?", patience) == (("fail badly", "poison", "ValueError"),)
    assert dict(counters(system).dead_letters) == {"poison": 1}


def test_a_poison_message_is_parked_after_its_tries_and_the_rest_goes_on(system, patience):
    capabilities = system.capabilities
    capabilities["seen"] = []
    actor = system.createActor(Witness)
    for message in ("a", "fail", "b"):
        system.tell(actor, message)
    assert isinstance(system.listen(patience), PoisonMessage)
    assert system.listen(patience) == "b"
    assert capabilities["seen"] == ["a", "fail", "fail", "fail", "b"]
    assert snapshot(system)[0].restarts == 3


@supervised(Supervision(backoff=SOON, tries=3, max_restarts=100))
class Witness(Actor):
    def __init__(self, capabilities):
        self.seen = capabilities["seen"]

    def receiveMessage(self, message, sender):
        if isinstance(message, str):
            self.seen.append(message)
            if message == "fail":
                raise ValueError
            if message == "b":
                self.send(sender, "b")


def test_an_exception_that_the_rules_do_not_name_is_handled_as_thespian_does(system, patience):
    actor = system.createActor(Choosy)
    assert isinstance(system.ask(actor, "fail", patience), PoisonMessage)
    assert system.ask(actor, "after", patience) == ("fail", "fail", "after")
    assert snapshot(system)[0].restarts == 0


def test_an_actor_that_rests_says_so_takes_mail_and_occupies_nobody(system, patience):
    actor, other = system.createActor(Resting), system.createActor(Counting)
    system.tell(actor, "fail")
    system.tell(actor, "waits")
    assert system.ask(other, "hello", patience) == ("hello",)
    (record, _) = snapshot(system)
    assert (record.state, record.mailbox, record.restarts) == (ActorState.BACKING_OFF, 1, 1)
    assert record.failure == "ValueError"
    assert 2800.0 < record.next_in <= 4320.0
    assert counters(system).restarts == 1


def test_a_request_to_exit_ends_the_rest_at_once_and_what_waits_is_a_dead_letter(system, patience):
    undertaker, actor = system.createActor(Undertaker), system.createActor(Resting)
    system.ask(undertaker, "register", patience)
    for message in ("fail", "waits", ActorExitRequest()):
        system.tell(actor, message)
    assert system.ask(actor, "gone?", patience) is None
    letters = system.ask(undertaker, "letters?", patience)
    assert [(message, reason) for message, reason, _ in letters if isinstance(message, str)] == [
        ("fail", "exiting"),
        ("waits", "dead"),
        ("gone?", "dead"),
    ]


def test_shutdown_does_not_wait_for_a_rest(patience, engine_threads):
    system = open_system({}, patience=60.0)
    for _ in range(50):
        system.tell(system.createActor(Resting), "fail")
    base = system._systemBase
    system.shutdown()
    assert (counters(base).actors, engine_threads()) == (0, [])


def test_a_system_exit_ends_a_supervised_actor_too(system, patience):
    actor = system.createActor(Quick)
    system.tell(actor, "exit")
    assert system.ask(actor, "gone?", patience) is None


class Parent(ActorTypeDispatcher):
    """Has one child of a class; tells who asked what it hears of it."""

    def receiveMsg_type(self, kind, sender):
        self.asker, self.child = sender, self.createActor(kind)
        self.send(sender, self.child)

    def receiveMsg_ChildActorFailed(self, notice, sender):
        self.send(self.asker, ("failed", notice.child == sender, notice.reason, notice.restarts, notice.next_in > 0))

    def receiveMsg_ChildActorExited(self, notice, sender):
        self.send(self.asker, ("exited", notice.childAddress == sender))


def test_a_parent_hears_of_each_failure_and_of_the_end_once_it_is_too_often(system, patience):
    parent = system.createActor(Parent)
    child = system.ask(parent, Thrice, patience)
    with system.private() as outside:
        for number in range(4):
            outside.tell(child, f"fail {number}")
    expected = [("failed", True, "ValueError", n + 1, True) for n in range(3)]
    assert [system.listen(patience) for _ in range(4)] == [*expected, ("exited", True)]


@supervised(Supervision(backoff=SOON, max_restarts=3, then=Then.STOP))
class Thrice(Counting):
    pass


@supervised(Supervision(backoff=SOON, max_restarts=1, within=3600.0))
class Once(Counting):
    pass


@supervised(Supervision(backoff=SOON, max_restarts=2, within=3600.0, then=Then.STOP))
class SupervisedParent(Parent):
    pass


def fail_too_often(system, parent, patience, kind):
    child = system.ask(parent, kind, patience)
    with system.private() as outside:
        for _ in range(2):
            outside.tell(child, "fail")


def test_a_child_that_fails_too_often_is_its_parents_own_failure(system, patience):
    parent = system.ask(system.createActor(Parent), SupervisedParent, patience)
    fail_too_often(system, parent, patience, Once)
    assert system.listen(patience)[2] == "ValueError"
    reason = "FailedTooOften: Once failed more than 1 times within 3600s; the last time: ValueError"
    assert system.listen(patience) == ("failed", True, reason, 1, True)
    child = system.ask(parent, Quick, patience)
    assert system.ask(child, "hello", patience) == ("hello",)


def test_an_unsupervised_parent_only_hears_that_the_child_exited(system, patience):
    parent = system.createActor(Parent)
    fail_too_often(system, parent, patience, Once)
    assert [system.listen(patience)[0] for _ in range(2)] == ["failed", "exited"]


def test_what_a_top_level_actor_escalates_reaches_whoever_opened_the_system(patience):
    reasons, told = [], threading.Event()
    system = open_system({}, escalated=lambda reason: (reasons.append(reason), told.set()))
    actor = system.createActor(Once)
    for _ in range(2):
        system.tell(actor, "fail")
    assert told.wait(patience)
    system.shutdown()
    assert reasons == ["Once failed more than 1 times within 3600s; the last time: ValueError"]


@supervised(Supervision(backoff=SOON))
class Sleeper(Actor):
    """Asks to be woken soon and late; answers with what woke this instance."""

    def __init__(self):
        self.woken = []

    def receiveMessage(self, message, sender):
        if message == "set":
            self.wakeupAfter(3600.0, "late")
            self.wakeupAfter(0.0, "soon")
        elif message == "wait, then fail":
            self.wakeupAfter(0.0, "in the mailbox")
            raise ValueError
        elif isinstance(message, WakeupMessage):
            self.woken.append(message.payload)
        elif message == "woken?":
            self.send(sender, tuple(self.woken))


def test_a_new_instance_is_not_woken_for_the_old_one(system, patience):
    actor = system.createActor(Sleeper)
    system.tell(actor, "set")
    system.tell(actor, "wait, then fail")
    assert isinstance(system.listen(patience), PoisonMessage)
    assert system.ask(actor, "woken?", patience) == ()
    assert counters(system).timers == 0


@supervised(Supervision(backoff=SOON))
class Family(Actor):
    def receiveMessage(self, message, sender):
        if message == "child?":
            self.send(sender, self.createActor(Counting))
        elif message == "fail":
            raise ValueError


def test_the_children_of_a_failed_instance_end_with_it(system, patience):
    parent = system.createActor(Family)
    child = system.ask(parent, "child?", patience)
    assert isinstance(system.ask(parent, "fail", patience), PoisonMessage)
    other = system.ask(parent, "child?", patience)
    assert system.ask(child, "gone?", patience) is None
    assert system.ask(other, "hello", patience) == ("hello",)


@supervised(Supervision(backoff=SOON))
class Inheriting(Counting):
    def __init__(self):
        super().__init__()
        self.generation = 0

    def inherit(self, before):
        self.generation = before.generation + 1

    def receiveMessage(self, message, sender):
        if message == "generation?":
            self.send(sender, self.generation)
        else:
            super().receiveMessage(message, sender)


def test_a_new_instance_may_take_over_from_the_failed_one(system, patience):
    actor = system.createActor(Inheriting)
    for _ in range(3):
        system.ask(actor, "fail", patience)
    assert system.ask(actor, "generation?", patience) == 3


@supervised(Supervision(backoff=SOON, max_restarts=2, then=Then.STOP))
class FailsToBeginAnew(Counting):
    def inherit(self, before):
        raise OSError("no place left")


@supervised(Supervision(backoff=SOON))
class ExitsInsteadOfBeginningAnew(Counting):
    def inherit(self, before):
        sys.exit(1)


@pytest.mark.parametrize("kind", [FailsToBeginAnew, ExitsInsteadOfBeginningAnew])
def test_an_actor_that_cannot_begin_anew_ends_and_its_parent_hears_of_it(system, patience, kind):
    parent = system.createActor(Parent)
    child = system.ask(parent, kind, patience)
    with system.private() as outside:
        outside.tell(child, "fail")
    heard = []
    while ("exited", True) not in heard:
        heard.append(system.listen(patience))
        assert heard[-1] is not None
    assert len(heard) == (3 if kind is FailsToBeginAnew else 2)


class Narrow(Counting):
    """Blocks at a gate so that mail piles up."""

    def __init__(self, capabilities):
        super().__init__()
        self.gate, self.inside = capabilities["gate"], capabilities["inside"]

    def receiveMessage(self, message, sender):
        if message == "block":
            self.inside.set()
            self.gate.wait(60)
        elif isinstance(message, int):
            self.heard.append(message)
        elif message == "heard?":
            self.send(sender, tuple(self.heard))


@supervised(Supervision(mailbox=10))
class Bounded(Narrow):
    pass


def test_what_a_full_mailbox_cannot_take_is_a_dead_letter_with_that_reason_and_nothing_is_lost(system, patience):
    gate = system.capabilities["gate"] = threading.Event()
    inside = system.capabilities["inside"] = threading.Event()
    actor = system.createActor(Bounded)
    system.tell(actor, "block")
    assert inside.wait(patience)
    for number in range(100):
        system.tell(actor, number)
    assert system.ask(actor, "no room", None) is None
    gate.set()
    while (heard := system.ask(actor, "heard?", patience)) is None:
        pass
    assert heard == tuple(range(10))
    assert dict(counters(system).dead_letters)["mailbox-full"] >= 91


def test_a_request_to_exit_always_finds_room(system, patience):
    gate = system.capabilities["gate"] = threading.Event()
    inside = system.capabilities["inside"] = threading.Event()
    actor = system.createActor(Bounded)
    system.tell(actor, "block")
    assert inside.wait(patience)
    for number in range(20):
        system.tell(actor, number)
    system.tell(actor, ActorExitRequest())
    gate.set()
    while snapshot(system):
        system.ask(actor, "gone?", patience)
    assert dict(counters(system).dead_letters)["mailbox-full"] >= 10


@supervised(Supervision(backoff=(0.0001, 0.001), tries=2, max_restarts=10**6, jitter=1.0))
class Shaky(Actor):
    """Fails in every seventh number; writes down what it handled."""

    def __init__(self, capabilities):
        self.tally = capabilities["tally"]

    def receiveMessage(self, message, sender):
        if isinstance(message, int):
            if message % 7 == 3:
                raise ValueError(message)
            self.tally.append(message)
        elif message == "all?":
            self.send(sender, "all")


def test_every_message_is_handled_or_a_dead_letter_while_actors_fail_and_exit(system, patience, monkeypatch):
    tally, letters = system.capabilities.setdefault("tally", []), []
    base = system._systemBase
    post = base.dead_letters.post

    def note(target, message, *details):
        letters.append(message)
        post(target, message, *details)

    monkeypatch.setattr(base.dead_letters, "post", note)
    leaving, staying = ([system.createActor(Shaky) for _ in range(10)] for _ in range(2))
    start = threading.Barrier(5)

    def send():
        with system.private() as outside:
            start.wait(patience)
            for number in range(100):
                for target in (*leaving, *staying):
                    outside.tell(target, number)

    senders = [threading.Thread(target=send) for _ in range(4)]
    for thread in senders:
        thread.start()
    start.wait(patience)
    for target in leaving:
        system.tell(target, ActorExitRequest())
    for thread in senders:
        thread.join(patience)
    assert all(system.ask(target, "all?", patience) == "all" for target in staying)
    assert all(system.ask(target, "all?", patience) is None for target in leaving)
    system.shutdown()  # a worker may hold a letter until then
    assert len(tally) + sum(isinstance(letter, int) for letter in letters) == 4 * 20 * 100
    assert dict(counters(base).dead_letters)["poison"] >= 4 * 10 * 14


def test_a_child_exit_notice_is_not_poison_to_anybody(system, patience):
    actor = system.createActor(Upset)
    system.tell(actor, ChildActorExited(actor))
    assert system.ask(actor, "hello", patience) == ("hello",)
    assert dict(counters(system).dead_letters) == {}


@supervised(Supervision(backoff=SOON))
class Upset(Counting):
    def receiveMessage(self, message, sender):
        if isinstance(message, ChildActorExited | ChildActorFailed):
            raise KeyError("whose child?")
        super().receiveMessage(message, sender)
