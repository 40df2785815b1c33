"""A snapshot shows every actor without asking any, and Thespian's own status requests are answered."""

import io
import logging
import threading

import pytest
from thespian.actors import Actor, ActorExitRequest
from thespian.system.messages.status import (
    Thespian_ActorStatus,
    Thespian_StatusReq,
    Thespian_SystemStatus,
    formatStatus,
)

from actors.engine import ActorState, counters, make_base, snapshot
from tests.eventually import eventually


class Parent(Actor):
    def receiveMessage(self, message, sender):
        if message == "child?":
            self.wakeupAfter(3600)
            self.send(sender, self.createActor(Parent))
        elif message == "fail":
            raise ValueError("as told")
        elif not isinstance(message, ActorExitRequest):
            self.send(sender, "ok")


class Starting(Actor):
    def __init__(self, capabilities):
        capabilities["inside"].set()
        capabilities["gate"].wait(30)


def test_actors_are_shown_with_their_parent_and_what_they_did(system, patience):
    parent = system.createActor(Parent)
    child = system.ask(parent, "child?", patience)
    for number in (1, 2.0, "three"):
        system.ask(child, number, patience)
    eventually(lambda: snapshot(system)[1].state is ActorState.IDLE, "the child has nothing to do")
    first, second = snapshot(system)
    assert (first.address, first.parent) == (parent.actorAddressString, "/ActorSys")
    assert (second.address, second.parent) == (child.actorAddressString, parent.actorAddressString)
    assert (second.class_name, second.state, second.mailbox) == ("Parent", ActorState.IDLE, 0)
    assert (second.handled, second.last_message) == (3, "str")
    assert [each.type_name for each in second.recent] == ["int", "float", "str"]
    assert [each.at for each in second.recent] == sorted(each.at for each in second.recent)
    assert second.age >= 0.0


def test_only_the_last_ten_messages_are_remembered_in_their_order(system, patience):
    actor = system.createActor(Parent)
    for message in [*[0] * 14, 1.0, b"", "end"]:
        system.ask(actor, message, patience)
    (record,) = snapshot(system)
    assert [each.type_name for each in record.recent] == ["int"] * 7 + ["float", "bytes", "str"]
    assert record.handled == 17


def test_an_actor_that_starts_is_shown_as_starting(system, patience):
    inside = system.capabilities["inside"] = threading.Event()
    gate = system.capabilities["gate"] = threading.Event()
    system.createActor(Starting)
    assert inside.wait(patience)
    (record,) = snapshot(system)
    gate.set()
    assert record.state is ActorState.STARTING


def test_counters_keep_what_ended_actors_did(system, patience, caplog):
    caplog.set_level(logging.CRITICAL, "actors.engine")
    actor = system.createActor(Parent)
    system.ask(actor, 1, patience)
    system.ask(actor, "fail", patience)
    system.tell(actor, ActorExitRequest())
    assert system.ask(actor, "gone?", patience) is None
    eventually(lambda: counters(system).ended == 1 and counters(system).handled == 3, "its end is counted")
    count = counters(system)
    assert (count.actors, count.created, count.ended, count.handled, count.failures) == (0, 1, 1, 3, 2)
    assert count.dead_letters == (("dead", 1),)
    assert count.workers >= 1


def test_a_snapshot_of_something_else_is_refused():
    with pytest.raises(TypeError, match="not a running system of this engine"):
        snapshot(object())


def test_a_base_is_as_good_as_its_system(patience):
    base = make_base({})
    base.newPrimaryActor(Parent, None, None, None)
    assert len(snapshot(base)) == 1
    base.shutdown()
    assert snapshot(base) == ()


def test_an_actor_answers_a_status_request_without_seeing_it(system, patience):
    actor = system.createActor(Parent)
    child = system.ask(actor, "child?", patience)
    status = system.ask(actor, Thespian_StatusReq(), patience)
    assert isinstance(status, Thespian_ActorStatus)
    assert status.childActors == [child]
    assert len(status.pendingWakeups) == 1
    assert "Child Actors [1]" in printed(status)


def test_the_system_answers_a_status_request(system, patience):
    actor = system.createActor(Parent, globalName="the parent")
    status = system.ask(system.systemAddress, Thespian_StatusReq(), patience)
    assert isinstance(status, Thespian_SystemStatus)
    assert status.globalActors == {"the parent": actor}
    assert "Primary Actors [1]" in printed(status)


def printed(status):
    page = io.StringIO()
    formatStatus(status, tofd=page)
    return page.getvalue()
