"""The half of a service that talks with its peers.

In: `WireRequest`, `WireReleased` and `Wired` from peers, `AskAgain` when one was lost. Out: the same to peers, where
questions go by way of the branch. Each changes what is known and lets `reconcile` draw the conclusions.
"""

from dataclasses import replace

from thespian.actors import ActorAddress

from actors.base import BaseActor
from actors.messages import AskAgain, WireReleased, WireRequest
from actors.wires import Wires
from orchestrator.domain import standing
from orchestrator.domain.standing import Standing
from orchestrator.domain.wire import Wired


class WiredActor(BaseActor):
    """Keeps the wires of one service; the subclass sets `wires` and `standing`."""

    wires: Wires
    standing: Standing

    def receiveMsg_WireRequest(self, message: WireRequest, _sender: ActorAddress) -> None:
        """Remember who relies on this service, and answer."""
        self.wires.rely(message)
        self.standing = replace(self.standing, candidates=message.candidates)
        self.reconcile()

    def receiveMsg_WireReleased(self, message: WireReleased, _sender: ActorAddress) -> None:
        """Forget a consumer."""
        self.wires.release(message.consumer)
        self.reconcile()

    def receiveMsg_Wired(self, message: Wired, _sender: ActorAddress) -> None:
        """Take an answer: of a peer in this environment, or of the same service in the one borrowed from."""
        self.wires.hear(message)
        self.reconcile()

    def receiveMsg_AskAgain(self, message: AskAgain, _sender: ActorAddress) -> None:
        """Repeat the requests that went to a peer that was lost."""
        for request in self.wires.again(message):
            self.tell_parent(request)
        self.reconcile()

    def ask(self) -> None:
        """Ask exactly the peers that matter now."""
        for message in self.wires.ask(self.standing.member):
            self.tell_parent(message)
        conflict = self.wires.agreement().conflict
        self.standing = replace(
            self.standing, borrowed=self.wires.borrowed, conflict=conflict, consumers=self.wires.consumers
        )

    def answer(self) -> None:
        """Tell every peer that does not know it yet who this service is."""
        answer = standing.answer(self.standing)
        for address in self.wires.untold(answer):
            self.send(address, answer)
