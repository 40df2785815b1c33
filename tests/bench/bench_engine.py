"""Messages a second: two actors that throw one ball, and one actor that throws to many."""

import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import figures as told
from thespian.actors import Actor, ActorAddress, ActorSystem

from actors.engine import open_system

PATIENCE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Start:
    """Throw so many balls to so many players."""

    throws: int
    players: int


@dataclass(frozen=True, slots=True)
class Ball:
    """What is thrown back and forth."""

    left: int


class Player(Actor):
    """Throws back."""

    def receiveMessage(self, message: object, sender: ActorAddress) -> None:
        """Answer a ball with a ball."""
        if isinstance(message, Ball):
            self.send(sender, Ball(message.left - 1))


class Thrower(Actor):
    """Throws until no throw is left, then tells who asked."""

    def receiveMessage(self, message: object, sender: ActorAddress) -> None:
        """Start, or throw again."""
        if isinstance(message, Start):
            self.asker, self.flying = sender, message.players
            for _ in range(message.players):
                self.send(self.createActor(Player), Ball(message.throws // message.players))
        elif isinstance(message, Ball) and message.left > 0:
            self.send(sender, message)
        elif isinstance(message, Ball):
            self.flying -= 1
            if not self.flying:
                self.send(self.asker, "done")


def figures(*, quick: bool) -> Iterator[str]:
    """Yield lines of results."""
    throws = 2_000 if quick else 20_000
    with tempfile.TemporaryDirectory(prefix="ab-") as directory:
        os.environ["THESPLOG_FILE"] = str(Path(directory) / "thespian.log")
        for players in (1, 200):
            ours = _rate(open_system({}), throws, players)
            theirs = _rate(ActorSystem("simpleSystemBase", transientUnique=True), throws, players)
            yield told.rate(f"{players} at once", ours, theirs, "simpleSystemBase")


def _rate(system: ActorSystem, throws: int, players: int) -> float:
    try:
        thrower = system.createActor(Thrower)
        began = time.perf_counter()
        if system.ask(thrower, Start(throws, players), PATIENCE) != "done":
            raise TimeoutError("the actors did not finish")
        return 2 * throws / (time.perf_counter() - began)
    finally:
        system.shutdown()
