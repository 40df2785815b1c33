"""Actors that the engine's bench measures, on every base alike."""

import time
from dataclasses import dataclass

from thespian.actors import Actor, ActorAddress


@dataclass(frozen=True, slots=True)
class Create:
    """Have so many children more."""

    number: int


@dataclass(frozen=True, slots=True)
class Throw:
    """Throw a ball to every child, and again whenever one comes back, so many times in all."""

    times: int


@dataclass(frozen=True, slots=True)
class Ball:
    """What is thrown back and forth."""


@dataclass(frozen=True, slots=True)
class Block:
    """Do nothing for so many seconds, without saying that you will."""

    seconds: float


class Player(Actor):
    """Throws back; blocks; answers."""

    def receiveMessage(self, message: object, sender: ActorAddress) -> None:
        """Do as told."""
        if isinstance(message, Ball):
            self.send(sender, message)
        elif isinstance(message, Block):
            time.sleep(message.seconds)
        elif isinstance(message, str):
            self.send(sender, message)


class Parent(Actor):
    """Has children, and throws balls to all of them; says `done` to who told it to."""

    players: list[ActorAddress]
    left = 0

    def receiveMessage(self, message: object, sender: ActorAddress) -> None:
        """Do as told, and tell when it is done."""
        if isinstance(message, Ball) and self.left:
            self.left -= 1
            self.send(sender, message)
        elif isinstance(message, Ball | str):
            self.flying -= 1
            if not self.flying:
                self.send(self.asker, "done")
        elif isinstance(message, Create):
            self.players = [self.createActor(Player) for _ in range(message.number)]
            self._begin(sender, "ready")
        elif isinstance(message, Throw):
            self.left = message.times - len(self.players)
            self._begin(sender, Ball())

    def _begin(self, asker: ActorAddress, message: object) -> None:
        self.asker, self.flying = asker, len(self.players)
        for player in self.players:
            self.send(player, message)
