"""Capabilities are one shared dictionary: objects in it reach every actor that names it."""

import pytest
from thespian.actors import (
    Actor,
    ActorTypeDispatcher,
    InvalidActorSpecification,
    NoCompatibleSystemForActor,
    requireCapability,
)

from actors.engine import open_system


class Child(Actor):
    def __init__(self, requirements, capabilities):
        self.ports, self.requirements = capabilities["ports"], requirements

    def receiveMessage(self, message, sender):
        if message == "which?":
            self.send(sender, (self.ports, self.requirements))


class Parent(Actor):
    """Does not name capabilities, so that they must not come by way of the parent."""

    def receiveMessage(self, message, sender):
        if message == "child?":
            self.send(sender, self.createActor(Child, {"hue": "red"}))


def test_an_object_in_the_capabilities_reaches_every_descendant_that_names_them(patience):
    ports = object()
    system = open_system({"ports": ports})
    try:
        child = system.ask(system.createActor(Parent), "child?", patience)
        assert system.ask(child, "which?", patience) == (ports, {"hue": "red"})
    finally:
        system.shutdown()


def test_the_base_says_what_it_is_in_the_same_dictionary(system):
    assert system.capabilities is system._systemBase.capabilities
    assert system.capabilities["Thespian ActorSystem Name"] == "anabranch"
    assert system.capabilities["Thespian Watch Supported"] is False


@requireCapability("wings")
class Bird(ActorTypeDispatcher):
    def receiveMsg_str(self, message, sender):
        self.updateCapability("wings", None)
        self.send(sender, "landed")


def test_an_actor_that_no_longer_fits_is_asked_to_exit(system, patience):
    with pytest.raises(NoCompatibleSystemForActor, match=r"No compatible ActorSystem.*Bird"):
        system.createActor(Bird)
    system.updateCapability("wings", "two")
    bird = system.createActor(Bird)
    assert system.ask(bird, "clip", patience) == "landed"
    assert system.ask(bird, "fly", patience) is None


class Doubtful(Actor):
    @staticmethod
    def actorSystemCapabilityCheck(capabilities, requirements):
        raise ValueError("cannot tell")


def test_a_check_that_fails_means_no(system):
    with pytest.raises(NoCompatibleSystemForActor):
        system.createActor(Doubtful)


@pytest.mark.parametrize("name", ["Child", "thespian.actors.NoSuchActor", 42, None])
def test_what_names_no_class_is_refused(system, name):
    with pytest.raises(InvalidActorSpecification):
        system.createActor(name)


def test_a_module_that_does_not_exist_is_an_import_error(system):
    with pytest.raises(ImportError):
        system.createActor("no.such.module.Actor")
