"""Actor code is loaded while the system runs, but only what the registered authority has validated."""

import io
import zipfile

import pytest
from thespian.actors import (
    ActorTypeDispatcher,
    InvalidActorSourceHash,
    ValidatedSource,
)

CODE = """
from thespian.actors import ActorTypeDispatcher
class Parrot(ActorTypeDispatcher):
    def receiveMsg_str(self, message, sender):
        self.send(sender, "squawk " + message)
"""


class Authority(ActorTypeDispatcher):
    """Validates everything, and tells who asked it first what it hears of sources."""

    def receiveMsg_str(self, message, sender):
        self.asker = sender
        self.registerSourceAuthority()
        self.notifyOnSourceAvailability()
        self.send(sender, "registered")

    def receiveMsg_ValidateSource(self, message, sender):
        self.send(sender, ValidatedSource(message.sourceHash, message.sourceData))

    def receiveMsg_LoadedSource(self, message, sender):
        self.send(self.asker, ("loaded", message.sourceHash))

    def receiveMsg_UnloadedSource(self, message, sender):
        self.send(self.asker, ("unloaded", message.sourceHash))


class Forger(ActorTypeDispatcher):
    def receiveMsg_tuple(self, message, sender):
        system_address, validated = message
        self.send(system_address, validated)
        self.send(sender, "sent")


@pytest.fixture
def source():
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as zipped:
        zipped.writestr("birds.py", CODE)
    archive.seek(0)
    return archive


@pytest.mark.filterwarnings("ignore:HashRootLoader.exec_module:ImportWarning")  # Thespian loads sources the old way
def test_a_validated_source_makes_actors_until_it_is_unloaded(system, patience, source):
    assert system.ask(system.createActor(Authority), "register", patience) == "registered"
    source_hash = system.loadActorSource(source)
    assert system.listen(patience) == ("loaded", source_hash)
    parrot = system.createActor("birds.Parrot", sourceHash=source_hash)
    assert system.ask(parrot, "hello", patience) == "squawk hello"
    system.unloadActorSource(source_hash)
    assert system.listen(patience) == ("unloaded", source_hash)
    with pytest.raises(InvalidActorSourceHash):
        system.createActor("birds.Parrot", sourceHash=source_hash)


def test_nobody_but_the_authority_can_validate_a_source(system, patience, source):
    assert system.ask(system.createActor(Authority), "register", patience) == "registered"
    forged = ValidatedSource("0" * 32, source.getvalue())
    assert system.ask(system.createActor(Forger), (system.systemAddress, forged), patience) == "sent"
    with pytest.raises(InvalidActorSourceHash):
        system.createActor("birds.Parrot", sourceHash="0" * 32)


def test_without_an_authority_nothing_is_loaded(system, source):
    source_hash = system.loadActorSource(source)
    with pytest.raises(InvalidActorSourceHash):
        system.createActor("birds.Parrot", sourceHash=source_hash)


def test_a_broken_archive_is_not_loaded(system, patience):
    assert system.ask(system.createActor(Authority), "register", patience) == "registered"
    source_hash = system.loadActorSource(io.BytesIO(b"no archive"))
    assert system.ask(system.createActor(Authority), "register", patience) == "registered"
    with pytest.raises(InvalidActorSourceHash):
        system.createActor("birds.Parrot", sourceHash=source_hash)


def test_a_file_that_is_not_there_is_an_error_of_the_caller(system):
    with pytest.raises(OSError, match="no-such-file"):
        system.loadActorSource("no-such-file.zip")
