"""Messages, addresses and supervision behave the same on our base, in one thread, and with a process for each actor."""

import socket
import time
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import pytest
from thespian.actors import Actor, ActorAddress, ActorExitRequest, ActorSystem, ActorTypeDispatcher, PoisonMessage

from actors.base import BaseActor
from actors.engine import Supervision, open_system, supervised
from actors.ports import CAPABILITY
from actors.roster import Roster
from orchestrator.errors import Temporary
from tests.engine.sealed_tcp import sealed_tcp_system

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")  # multiprocTCPBase leaves sockets open
BASES = ("engine", "simpleSystemBase", "multiprocTCPBase")
ENDS_ITS_CALLER = ("simpleSystemBase", "die")
KINDS = ("leave", "die", "bug", "temporary")
TROUBLES = [each for each in product(BASES, KINDS) if each != ENDS_ITS_CALLER]


@dataclass
class FewPorts:
    """What the house rules of actors need of their ports; every process has a copy of its own."""

    roster: Roster

    monotonic = staticmethod(time.monotonic)
    clock = staticmethod(time.time)

    @staticmethod
    def chance():
        return 0.0


@contextmanager
def opened(base, capabilities):
    if base == "multiprocTCPBase":
        with sealed_tcp_system(capabilities) as system:
            yield system
        return
    system = (
        open_system(capabilities)
        if base == "engine"
        else ActorSystem(base, capabilities, logDefs=False, transientUnique=True)
    )
    yield system
    system.shutdown()


@pytest.fixture(params=BASES)
def base(request):
    return request.param


@pytest.fixture
def anywhere(base, tmp_path: Path, monkeypatch):
    """A system of each base in turn."""
    monkeypatch.setenv("THESPLOG_FILE", str(tmp_path / "thespian.log"))
    with opened(base, {CAPABILITY: FewPorts(Roster()), "marker": 42}) as system:
        yield system


class Echo(Actor):
    def receiveMessage(self, message, sender):
        if not isinstance(message, ActorExitRequest):
            self.send(sender, message)


class Collector(ActorTypeDispatcher):
    """Keeps what it hears, and gives it to who asks."""

    def __init__(self, capabilities):
        self.heard, self.marker = [], capabilities["marker"]

    def receiveMsg_int(self, number, sender):
        self.heard.append(number)

    def receiveMsg_str(self, message, sender):
        self.send(sender, (tuple(self.heard), self.marker))


@dataclass(frozen=True, slots=True)
class Count:
    """Send so many numbers to an address, then say so."""

    to: ActorAddress
    number: int


class Counter(ActorTypeDispatcher):
    def receiveMsg_Count(self, order, sender):
        for number in range(order.number):
            self.send(order.to, number)
        self.send(sender, order.to)


def test_messages_between_two_actors_arrive_in_their_order(anywhere, patience):
    collector, counter = anywhere.createActor(Collector), anywhere.createActor(Counter)
    anywhere.ask(counter, Count(collector, 50), patience)
    deadline = time.monotonic() + patience
    while len((answer := anywhere.ask(collector, "heard?", patience))[0]) < 50:
        assert time.monotonic() < deadline
    assert answer == (tuple(range(50)), 42)


def test_an_address_that_travelled_means_the_same_actor(anywhere, patience):
    collector, counter, echo = (anywhere.createActor(kind) for kind in (Collector, Counter, Echo))
    assert anywhere.ask(counter, Count(collector, 0), patience) == collector
    returned = anywhere.ask(echo, collector, patience)
    assert (returned, str(returned)) == (collector, str(collector))
    assert returned != echo
    assert anywhere.ask(returned, "heard?", patience) == ((), 42)


class Fragile(ActorTypeDispatcher):
    def receiveMsg_str(self, message, sender):
        raise ValueError(message)


@supervised(Supervision(backoff=(0.001, 0.001)))
class Restarted(Fragile):
    pass


@pytest.mark.parametrize("kind", [Fragile, Restarted])
def test_a_message_that_cannot_be_handled_comes_back_as_poison(anywhere, patience, kind):
    poison = anywhere.ask(anywhere.createActor(kind), "broken", patience)
    assert isinstance(poison, PoisonMessage)
    assert poison.poisonMessage == "broken"
    assert "ValueError: broken" in poison.details


@dataclass(frozen=True, slots=True)
class StartKeeper:
    """To a keeper, first of all: how much it holds."""

    amount: int


@dataclass(frozen=True, slots=True)
class Report:
    """Say how much you hold; passed on by the parent."""

    reply_to: ActorAddress | None = None


@dataclass(frozen=True, slots=True)
class Trouble:
    """Meet with trouble of this kind; passed on by the parent."""

    kind: str


class KeeperActor(BaseActor):
    """Obeys the rules of the house; `settled` is what reconcile achieved."""

    def receiveMsg_StartKeeper(self, message, sender):
        self.amount, self.settled, self.hindrances = message.amount, 0, []
        self.write(name="keeper")
        self.reconcile()

    def receiveMsg_Trouble(self, message, sender):
        if message.kind == "die":
            raise SystemExit(1)
        self.hindrances = [KeyError("nobody foresaw this") if message.kind == "bug" else Temporary("not now")]
        self.settled = 0
        self.reconcile()

    def receiveMsg_Report(self, message, sender):
        self.send(message.reply_to, self.settled)

    def reconcile(self):
        if self.hindrances:
            raise self.hindrances.pop()
        self.settled = self.amount


class HolderActor(BaseActor):
    """The parent of one keeper."""

    def receiveMsg_str(self, message, sender):
        self.spawn("keeper", KeeperActor, StartKeeper(7))
        self.send(sender, "ready")

    def receiveMsg_Trouble(self, message, sender):
        keeper = self.children["keeper"]
        if message.kind == "leave":
            self.send(keeper.address, ActorExitRequest())
        else:
            self.tell(keeper, message)

    def receiveMsg_Report(self, message, sender):
        self.tell(self.children["keeper"], Report(sender))


@pytest.mark.parametrize(("base", "kind"), TROUBLES, indirect=["base"])
def test_a_child_in_trouble_goes_on_and_finishes_its_work(anywhere, patience, kind):
    holder = anywhere.createActor(HolderActor)
    assert anywhere.ask(holder, "begin", patience) == "ready"
    assert anywhere.ask(holder, Report(), patience) == 7
    anywhere.tell(holder, Trouble(kind))
    deadline = time.monotonic() + patience
    while anywhere.ask(holder, Report(), 0.2) != 7:
        assert time.monotonic() < deadline
    assert anywhere.ask(holder, Report(), patience) == 7


@pytest.mark.parametrize("base", ["multiprocTCPBase"])
def test_the_sealed_base_listens_on_loopback_only_and_takes_nothing_from_strangers(anywhere, patience, tmp_path):
    port = anywhere.capabilities["Admin Port"]
    listening = [line.split()[1] for line in Path("/proc/net/tcp").read_text().splitlines()[1:] if " 0A " in line]
    assert [address for address in listening if address.endswith(f":{port:04X}")] == [f"0100007F:{port:04X}"]
    canary = tmp_path / "canary"
    attack = f"cposix\nsystem\n(S'touch {canary}'\ntR.".encode()
    with socket.create_connection(("127.0.0.1", port), timeout=patience) as stranger:
        stranger.sendall(b"%d>%s" % (len(attack), attack))
    assert anywhere.ask(anywhere.createActor(Echo), "still well", patience) == "still well"
    assert not canary.exists()
