"""A handler that hangs is told of once, with its stack; its actor is marked, and its worker no longer counts."""

import logging
import threading

import pytest
from thespian.actors import Actor

from actors.engine import ActorState, Supervision, counters, expect_blocking, snapshot, supervised
from actors.engine.scheduler import Scheduler
from actors.engine.watchdog import PERIOD, Watchdog


class Told(logging.Handler):
    """Keeps what the watchdog says, and lets a test wait for it."""

    def __init__(self):
        super().__init__()
        self.lines, self.said = [], threading.Semaphore(0)

    def emit(self, record):
        self.lines.append(record.getMessage())
        self.said.release()


@pytest.fixture
def told():
    handler, engine = Told(), logging.getLogger("actors.engine")
    engine.addHandler(handler)
    yield handler
    engine.removeHandler(handler)


class Waiting(Actor):
    def __init__(self, capabilities):
        self.gate = capabilities["gate"]

    def receiveMessage(self, message, sender):
        if message == "wait":
            self.wait_for_the_gate()
        elif message == "wait as announced":
            expect_blocking(3600.0)
            self.wait_for_the_gate()
        elif isinstance(message, str):
            self.send(sender, "hi")

    def wait_for_the_gate(self):
        self.gate.wait(60)


@supervised(Supervision(hung_after=1.0))
class Impatient(Waiting):
    pass


@pytest.fixture
def gate(system):
    gate = system.capabilities["gate"] = threading.Event()
    yield gate
    gate.set()


def test_a_hung_handler_is_told_of_with_its_stack_and_its_actor_is_marked(system, patience, gate, told):
    actor, other = system.createActor(Impatient), system.createActor(Waiting)
    system.tell(actor, "wait")
    assert told.said.acquire(timeout=patience)
    assert told.lines[0].startswith(f"Impatient at {actor.actorAddressString} hangs, for ")
    assert "in wait_for_the_gate" in told.lines[0]
    assert snapshot(system)[0].state is ActorState.HUNG
    assert counters(system).hung == 1
    assert system.ask(other, "hello", patience) == "hi"
    gate.set()
    assert told.said.acquire(timeout=patience)
    assert told.lines[1].startswith(f"Impatient at {actor.actorAddressString} goes on after ")
    assert system.ask(actor, "hello", patience) == "hi"
    assert snapshot(system)[0].state is not ActorState.HUNG


def test_a_wait_that_was_announced_is_no_hang(system, patience, gate, told):
    patient, actor = system.createActor(Impatient), system.createActor(Impatient)
    system.tell(patient, "wait as announced")
    system.tell(actor, "wait")
    assert told.said.acquire(timeout=patience)
    assert [record.state for record in snapshot(system)] == [ActorState.BLOCKED, ActorState.HUNG]
    assert len(told.lines) == 1


class Work:
    """One turn at a gate, by a bare worker."""

    def __init__(self, hung_after, gate, done):
        self.hung_after, self.gate, self.done = hung_after, gate, done

    def run(self, worker):
        self.gate.wait(60)
        self.done.release()


def test_a_hung_worker_is_replaced_even_at_the_limit(patience, caplog):
    caplog.set_level(logging.CRITICAL, "actors.engine")
    scheduler, gate, done = Scheduler(limit=2), threading.Event(), threading.Semaphore(0)
    opened = threading.Event()
    opened.set()
    scheduler.start()
    for _ in range(6):
        scheduler.put(Work(0.0, gate, done))
    scheduler.put(Work(60.0, opened, done))
    assert done.acquire(timeout=patience)
    assert not gate.is_set()
    gate.set()
    assert all(done.acquire(timeout=patience) for _ in range(6))
    assert scheduler.stop(patience) == 0


class Clocked:
    """A worker as the watchdog sees it."""

    def __init__(self, overdue_from):
        self.hung, self.overdue_from = False, overdue_from
        self.running, self.since, self.thread = "it", 0.0, threading.current_thread()

    def is_overdue(self, now):
        return now > self.overdue_from


def test_the_watchdog_looks_once_in_its_period_and_tells_of_each_hang_once(caplog):
    caplog.set_level(logging.CRITICAL, "actors.engine")
    watchdog, workers = Watchdog(), [Clocked(1.0), Clocked(5.0)]
    watchdog.look(workers, 0.9)
    watchdog.look(workers, 0.9 + PERIOD / 2)
    assert watchdog.found == 0
    for now in (2.0, 3.0, 4.0):
        watchdog.look(workers, now)
    assert (watchdog.found, [worker.hung for worker in workers]) == (1, [True, False])
    watchdog.look(workers, 6.0)
    assert watchdog.found == 2
