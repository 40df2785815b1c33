"""An address leads to its actor from anywhere, also after it was pickled or copied."""

import copy
import gc
import pickle

import pytest
from thespian.actors import Actor, ActorAddress

from actors.engine import counters, open_system


class Echo(Actor):
    def receiveMessage(self, message, sender):
        if isinstance(message, tuple):
            target, words = message
            self.send(target, words)
        elif isinstance(message, str):
            self.send(sender, f"echo {message}")


@pytest.mark.parametrize("copied", [lambda each: pickle.loads(pickle.dumps(each)), copy.deepcopy, copy.copy])
def test_a_copied_address_means_the_same_actor(system, patience, copied):
    address = system.createActor(Echo)
    again = copied(address)
    assert type(again) is ActorAddress
    assert again == address
    assert address == again
    assert system.ask(again, "hello", patience) == "echo hello"


def test_the_copied_address_of_an_outside_caller_means_that_caller(system, patience):
    with system.private() as outside:
        caller = pickle.loads(pickle.dumps(outside._systemBase.address))
        system.tell(system.createActor(Echo), (caller, "for you"))
        assert outside.listen(patience) == "for you"


def test_addresses_are_equal_only_to_themselves_and_not_hashable(system):
    one, other = system.createActor(Echo), system.createActor(Echo)
    assert one != other
    assert one != str(one)
    with pytest.raises(TypeError, match="unhashable"):
        hash(one)


def test_two_systems_in_one_process_never_share_an_address_and_can_talk(system, patience):
    neighbour = open_system({})
    try:
        here, there = system.createActor(Echo), neighbour.createActor(Echo)
        assert here != there
        assert system.ask(here, (there, "over there"), 0.0) is None
        assert system.ask(there, "hello", patience) == "echo hello"
    finally:
        neighbour.shutdown()


def test_private_contexts_hear_their_own_answers_only(system, patience):
    actor = system.createActor(Echo)
    with system.private() as one, system.private() as other:
        one.tell(actor, "one")
        other.tell(actor, "other")
        assert one.listen(patience) == "echo one"
        assert other.listen(patience) == "echo other"


def test_an_endpoint_is_gone_when_its_context_ends_or_is_lost_to_an_exception(system):
    with system.private():
        assert counters(system).endpoints == 2
    assert counters(system).endpoints == 1
    leak(system)
    gc.collect()
    assert counters(system).endpoints == 1


def leak(system):
    with pytest.raises(ValueError, match="inside"), system.private():
        raise ValueError("inside")


def test_what_arrives_after_a_context_ended_is_a_dead_letter(system, patience):
    actor = system.createActor(Echo)
    with system.private() as outside:
        address = outside._systemBase.address
    assert system.ask(actor, (address, "too late"), 0.0) is None
    assert system.ask(actor, "hello", patience) == "echo hello"
    assert dict(counters(system).dead_letters) == {"dead": 1}
