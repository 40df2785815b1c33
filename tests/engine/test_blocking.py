"""Actors that block delay nobody: others get a worker, and afterwards the engine shrinks to one that is awake."""

import threading

import pytest
from thespian.actors import Actor

from actors.engine import ActorState, counters, expect_blocking, snapshot
from actors.engine.monitor import Monitor
from actors.engine.scheduler import Scheduler


class Gatekeeper(Actor):
    """Blocks at the gate when told; says so first."""

    def __init__(self, capabilities):
        self.gate, self.arrived = capabilities["gate"], capabilities["arrived"]

    def receiveMessage(self, message, sender):
        if message in {"wait", "wait and say so"}:
            if message == "wait and say so":
                expect_blocking()
            self.arrived.release()
            self.gate.wait(60)
            self.send(sender, "through")
        elif message == "hello":
            self.send(sender, "hi")


@pytest.fixture
def gate(system):
    gate = system.capabilities["gate"] = threading.Event()
    system.capabilities["arrived"] = threading.Semaphore(0)
    yield gate
    gate.set()


@pytest.mark.parametrize("order", ["wait", "wait and say so"])
def test_fifty_blocked_actors_delay_nobody(system, patience, gate, order):
    quick = [system.createActor(Gatekeeper) for _ in range(100)]
    blocked = [system.createActor(Gatekeeper) for _ in range(50)]
    for actor in blocked:
        system.tell(actor, order)
    for _ in blocked:
        assert system.capabilities["arrived"].acquire(timeout=patience)
    assert [system.ask(actor, "hello", patience) for actor in quick] == ["hi"] * len(quick)
    assert not gate.is_set()
    gate.set()
    assert [system.listen(patience) for _ in blocked] == ["through"] * len(blocked)


def test_a_blocked_actor_is_shown_as_such_and_the_next_message_waits_for_it(system, patience, gate):
    actor = system.createActor(Gatekeeper)
    system.tell(actor, "wait and say so")
    system.tell(actor, "hello")
    assert system.capabilities["arrived"].acquire(timeout=patience)
    (record,) = snapshot(system)
    assert (record.state, record.mailbox, record.last_message) == (ActorState.BLOCKED, 1, "str")
    assert record.running_for is not None
    assert counters(system).blocked == 1
    gate.set()
    assert [system.listen(patience) for _ in range(2)] == ["through", "hi"]


class Task:
    """Work for a bare scheduler: one turn, at a gate if there is one."""

    hung_after = 60.0

    def __init__(self, done, gate=None):
        self.done, self.gate = done, gate

    def run(self, worker):
        if self.gate is not None:
            self.gate.wait(60)
        self.done.release()


def test_at_the_limit_of_workers_the_rest_waits_and_runs_later(patience, engine_threads):
    scheduler, gate, done = Scheduler(limit=3), threading.Event(), threading.Semaphore(0)
    scheduler.start()
    for _ in range(10):
        scheduler.put(Task(done, gate))
    scheduler.put(Task(done))
    assert not done.acquire(timeout=0.05)
    assert len(scheduler.workers()) <= 3
    gate.set()
    assert all(done.acquire(timeout=patience) for _ in range(11))
    assert scheduler.stop(patience) == 0
    assert engine_threads() == []


class Faulty:
    hung_after = 60.0

    def run(self, worker):
        raise RuntimeError("the engine's own mistake")


def test_a_mistake_of_the_engine_itself_is_logged_and_stops_no_worker(patience, caplog):
    scheduler, done = Scheduler(), threading.Semaphore(0)
    scheduler.start()
    scheduler.put(Faulty())
    scheduler.put(Task(done))
    assert done.acquire(timeout=patience)
    scheduler.stop(patience)
    assert "the engine itself failed in Faulty" in caplog.text


class Quiet:
    """Something to watch in which nothing ever runs."""

    def __init__(self):
        self.looks = threading.Semaphore(0)
        self.about_to_sleep = threading.Event()

    def replace_stalled(self, older_than, computing):
        self.looks.release()
        return False

    def watch(self, now):
        return None

    def is_busy(self):
        self.about_to_sleep.set()
        return False


def test_the_monitor_sleeps_while_nothing_runs_and_looks_again_when_woken(patience):
    quiet = Quiet()
    monitor = Monitor(quiet)
    monitor.start()
    assert quiet.about_to_sleep.wait(patience)
    while quiet.looks.acquire(blocking=False):
        pass
    assert monitor.asleep
    assert not quiet.looks.acquire(timeout=0.05)
    monitor.wake()
    assert quiet.looks.acquire(timeout=patience)
    monitor.stop()
    monitor.thread.join(patience)
    assert not monitor.thread.is_alive()
