"""However an actor ends, its parent hears of it exactly once, after all that the child said."""

import logging
import sys

import pytest
from thespian.actors import Actor, ActorExitRequest, ActorTypeDispatcher, ChildActorExited, requireCapability

from actors.engine import counters
from tests.eventually import eventually


@pytest.fixture(autouse=True)
def _quiet(caplog):
    caplog.set_level(logging.CRITICAL, "actors.engine")


class Mortal(Actor):
    """Dies as told."""

    def receiveMessage(self, message, sender):
        if message == "sys.exit":
            sys.exit(3)
        if message == "keyboard":
            raise KeyboardInterrupt
        if message == "have a child":
            self.createActor(Mortal)
        if message == "leave":
            self.send(self.myAddress, ActorExitRequest())


class LeavesChildren(Mortal):
    def receiveMessage(self, message, sender):
        super().receiveMessage(message, sender)
        if isinstance(message, ActorExitRequest):
            message.notRecursive()


class Clumsy(Actor):
    def receiveMessage(self, message, sender):
        if isinstance(message, ActorExitRequest):
            raise ValueError("cannot even leave")


class CrashesWhileLeaving(Actor):
    def receiveMessage(self, message, sender):
        if isinstance(message, ActorExitRequest):
            sys.exit(1)


class NeverStarts(Actor):
    def __init__(self):
        raise ValueError("no")


class ExitsInInit(Actor):
    def __init__(self):
        sys.exit(1)


@requireCapability("wings")
class Bird(Actor):
    pass


class WatchedParent(ActorTypeDispatcher):
    """Creates a child, tells it what it is told to, reports how often each child ended."""

    def __init__(self):
        self.ends = {}
        self.asker = None

    def receiveMsg_tuple(self, message, sender):
        child_class, orders, self.asker = *message, sender
        self.child = self.createActor(child_class)
        for order in orders:
            self.send(self.child, ActorExitRequest() if order == "exit" else order)

    def receiveMsg_ChildActorExited(self, message, sender):
        name = message.childAddress.actorAddressString
        self.ends[name] = self.ends.get(name, 0) + 1
        self.send(self.asker, "ended")

    def receiveMsg_str(self, message, sender):
        self.send(self.child, "anybody there?")
        self.send(sender, list(self.ends.values()))


WAYS = {
    "asked once": (Mortal, ["exit"]),
    "asked twice": (Mortal, ["exit", "exit"]),
    "asked with children": (Mortal, ["have a child", "have a child", "exit"]),
    "asked twice with children": (Mortal, ["have a child", "exit", "exit"]),
    "leaving by itself": (Mortal, ["leave"]),
    "leaving children behind": (LeavesChildren, ["have a child", "exit"]),
    "failing while asked": (Clumsy, ["exit"]),
    "crashing while asked": (CrashesWhileLeaving, ["exit"]),
    "sys.exit": (Mortal, ["sys.exit"]),
    "sys.exit with children": (Mortal, ["have a child", "sys.exit", "exit"]),
    "keyboard interrupt": (Mortal, ["keyboard"]),
    "failing in init": (NeverStarts, []),
    "failing in init while asked": (NeverStarts, ["exit"]),
    "sys.exit in init": (ExitsInInit, []),
    "lacking a capability": (Bird, []),
    "no such module": ("no.such.module.Actor", []),
    "no such class": ("thespian.actors.NoSuchActor", []),
    "unqualified name": ("Actor", []),
    "not a class": (42, []),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_parent_hears_exactly_once_that_a_child_ended(system, patience, way):
    parent = system.createActor(WatchedParent)
    assert system.ask(parent, WAYS[way], patience) == "ended"
    assert [system.ask(parent, "how often?", patience) for _ in range(3)] == [[1]] * 3


class LastWords(ActorTypeDispatcher):
    def receiveMsg_int(self, number, sender):
        for word in range(number):
            self.send(sender, word)
        self.send(self.myAddress, ActorExitRequest())


class Listener(ActorTypeDispatcher):
    def receiveMsg_tuple(self, message, sender):
        self.heard, self.asker = [], sender
        self.send(self.createActor(LastWords), message[0])

    def receiveMsg_int(self, word, sender):
        self.heard.append(word)

    def receiveMsg_ChildActorExited(self, message, sender):
        self.send(self.asker, (self.heard, sender == message.childAddress))


def test_the_end_of_a_child_is_heard_after_all_that_it_said(system, patience):
    assert system.ask(system.createActor(Listener), (100,), patience) == (list(range(100)), True)


class Tree(ActorTypeDispatcher):
    """Grows a tree of the given depth, three branches each; says `grown` when it is whole."""

    def receiveMsg_int(self, depth, sender):
        self.grower, self.missing = sender, 3 if depth else 0
        for _ in range(self.missing):
            self.send(self.createActor(Tree), depth - 1)
        self._tell_when_whole()

    def receiveMsg_str(self, message, sender):
        self.missing -= 1
        self._tell_when_whole()

    def _tell_when_whole(self):
        if not self.missing:
            self.send(self.grower, "grown")


class Gardener(ActorTypeDispatcher):
    def receiveMsg_int(self, depth, sender):
        self.asker = sender
        self.tree = self.createActor(Tree)
        self.send(self.tree, depth)

    def receiveMsg_str(self, message, sender):
        self.send(self.tree, ActorExitRequest())

    def receiveMsg_ChildActorExited(self, message, sender):
        self.send(self.asker, "felled")


def test_ten_thousand_descendants_end_with_their_ancestor(system, patience):
    assert system.ask(system.createActor(Gardener), 8, patience) == "felled"
    count = counters(system)
    assert (count.created, count.ended, count.actors) == (1 + 9841, 9841, 1)


class Stubborn(ActorTypeDispatcher):
    """Creates its child anew whenever it ends, even while it exits itself."""

    def receiveMsg_str(self, message, sender):
        self.child = self.createActor(Mortal)
        self.send(sender, self.child)

    def receiveMsg_ChildActorExited(self, message, sender):
        self.replacement = self.createActor(Mortal)
        self.send(self.replacement, "nobody hears this")


class Grandparent(ActorTypeDispatcher):
    def receiveMsg_str(self, message, sender):
        self.asker = sender
        self.child = self.createActor(Stubborn)
        self.send(self.child, "have a child")

    def receiveMsg_ActorAddress(self, message, sender):
        self.send(self.child, ActorExitRequest())

    def receiveMsg_ChildActorExited(self, message, sender):
        self.send(self.asker, "all gone")


def test_an_exiting_parent_that_creates_its_children_anew_ends_and_creates_nothing(system, patience):
    assert system.ask(system.createActor(Grandparent), "begin", patience) == "all gone"
    assert counters(system).created == 3
    assert dict(counters(system).dead_letters) == {"never-started": 1}


class Orphanage(LeavesChildren):
    def receiveMessage(self, message, sender):
        if message == "child?":
            self.send(sender, self.createActor(Answering))
        super().receiveMessage(message, sender)


class Answering(Actor):
    def receiveMessage(self, message, sender):
        if not isinstance(message, ActorExitRequest):
            self.send(sender, "here")


def test_children_left_behind_live_on_until_the_system_ends_them(system, patience):
    parent = system.createActor(Orphanage)
    child = system.ask(parent, "child?", patience)
    system.tell(parent, ActorExitRequest())
    assert system.ask(parent, "still there?", patience) is None
    assert system.ask(child, "and you?", patience) == "here"
    base = system._systemBase
    system.shutdown()
    assert counters(base).actors == 0
    assert counters(base).ended == 2


class Family(Actor):
    def receiveMessage(self, message, sender):
        if message == "child?":
            self.send(sender, self.createActor(Answering))


def test_a_false_notice_of_a_childs_end_does_not_make_its_parent_forget_it(system, patience):
    parent = system.createActor(Family)
    child = system.ask(parent, "child?", patience)
    system.tell(parent, ChildActorExited(child))
    system.tell(parent, ActorExitRequest())
    assert system.ask(parent, "gone?", patience) is None
    assert system.ask(child, "gone too?", patience) is None


def test_an_actor_that_has_ended_is_not_adopted(system, patience):
    ended = system.createActor(Mortal)
    system.tell(ended, ActorExitRequest())
    assert system.ask(ended, "gone?", patience) is None
    guardian = system._systemBase.guardian
    eventually(lambda: guardian.children() == (), "it has ended")
    guardian.adopt(ended.place)
    assert guardian.children() == ()
