"""The way from a port's thread into the actors, around the end of their system."""

from thespian.actors import ActorAddress, ActorTypeDispatcher

from actors.engine import open_system
from orchestrator.daemon.post import Post


class Listener(ActorTypeDispatcher):
    def receiveMsg_str(self, message: str, sender: ActorAddress) -> None:
        self.send(self.asker, message)

    def receiveMsg_tuple(self, message: tuple[()], sender: ActorAddress) -> None:
        self.asker = sender
        self.send(sender, "open")


def test_what_a_port_tells_arrives_until_the_end_and_is_no_failure_after_it() -> None:
    system, post = open_system({}), Post()
    listener = system.createActor(Listener)
    assert system.ask(listener, (), 20) == "open"
    post.deliver(listener, "before it is open")
    post.open(system, listener)
    post.deliver(listener, "meanwhile")
    assert system.listen(20) == "meanwhile"
    post.close()
    system.shutdown()
    post.deliver(listener, "afterwards")
