"""Wakeups come in the order of their times, and vanish with their actor."""

import gc
import logging
import threading
import weakref
from datetime import timedelta
from time import monotonic

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from thespian.actors import Actor, ActorAddress, ActorExitRequest, ActorTypeDispatcher, PoisonMessage

from actors.engine import counters, snapshot
from actors.engine.timers import Timers
from tests.eventually import eventually


class Sleeper(ActorTypeDispatcher):
    """Asks for the periods it is told and answers with the payloads in the order in which they came."""

    def receiveMsg_list(self, periods, sender):
        self.asker, self.expected, self.woken = sender, len(periods), []
        for payload, period in enumerate(periods):
            self.wakeupAfter(period, payload)

    def receiveMsg_str(self, message, sender):
        self.send(sender, message)

    def receiveMsg_WakeupMessage(self, message, sender):
        assert sender == self.myAddress
        self.woken.append((message.payload, message.delayPeriod))
        if len(self.woken) == self.expected:
            self.send(self.asker, self.woken)


@pytest.fixture
def halted(monkeypatch):
    """The timers' clock stands still until this is set."""
    go_on, now = threading.Event(), monotonic()
    monkeypatch.setattr("actors.engine.timers.monotonic", lambda: monotonic() if go_on.is_set() else now)
    return go_on


@pytest.mark.parametrize(
    ("periods", "order"),
    [
        ([0.03, 0.02, 0.01], [2, 1, 0]),
        ([0.01, timedelta(milliseconds=40), 0.02], [0, 2, 1]),
        ([0] * 20, list(range(20))),
        ([-1, 0.01, timedelta(0)], [0, 2, 1]),
    ],
)
def test_wakeups_come_in_the_order_of_their_times(system, patience, halted, periods, order):
    sleeper = system.createActor(Sleeper)
    system.tell(sleeper, periods)
    with system.private() as outside:
        assert outside.ask(sleeper, "all asked for", patience) == "all asked for"
    halted.set()
    woken = system.listen(patience)
    assert [payload for payload, _ in woken] == order
    assert [period for _, period in woken] == [periods[payload] for payload in order]


def test_a_later_request_for_an_earlier_time_is_not_held_up(system, patience):
    system.tell(system.createActor(Sleeper), [3600.0])
    assert system.ask(system.createActor(Sleeper), [0.0], patience) == [(0, 0.0)]


@pytest.mark.parametrize("period", [timedelta.max, float("inf"), 1e300])
def test_a_period_beyond_all_time_is_kept_and_stops_nobody(system, patience, period):
    system.tell(system.createActor(Sleeper), [period])
    assert system.ask(system.createActor(Sleeper), [0.001], patience) == [(0, 0.001)]
    eventually(lambda: counters(system).timers == 1, "one is left")


@pytest.mark.parametrize("period", [float("nan"), "soon", None])
def test_a_period_that_is_none_fails_in_the_handler_that_asked(system, patience, period, caplog):
    caplog.set_level(logging.CRITICAL, "actors.engine")
    assert isinstance(system.ask(system.createActor(Sleeper), [period], patience), PoisonMessage)
    assert system.ask(system.createActor(Sleeper), [0.0], patience) == [(0, 0.0)]


def test_the_wakeups_of_an_ended_actor_are_gone(system, patience):
    stays, leaves = system.createActor(Sleeper), system.createActor(Sleeper)
    system.tell(stays, [3600.0] * 5)
    system.tell(leaves, [3600.0] * 100)
    system.tell(leaves, ActorExitRequest())
    assert system.ask(leaves, "gone?", patience) is None
    assert system.ask(system.createActor(Sleeper), [0.0], patience) == [(0, 0.0)]
    eventually(lambda: counters(system).timers == 5, "those of the other are left")


class Clock:
    """Somebody who asks to be woken; notes what woke them."""

    def __init__(self):
        self.address, self.closed, self.wakeups, self.woken = ActorAddress("/clock"), "", 0, []
        self.done = threading.Semaphore(0)

    def post(self, message, sender):
        self.woken.append(message.payload)
        self.done.release()


@settings(max_examples=25)
@given(st.lists(st.integers(-2, 10), min_size=1, max_size=40), st.integers(0, 40))
def test_whatever_is_asked_for_comes_once_and_equal_times_in_the_order_of_the_requests(periods, cancelled):
    timers, clock, other = Timers(), Clock(), Clock()
    for number, period in enumerate(periods):
        timers.add(clock, period / 1000, (period, number))
        if number < cancelled:
            timers.add(other, period / 1000, None)
    timers.cancel(other)
    timers.start()
    assert all(clock.done.acquire(timeout=30) for _ in periods)
    timers.stop(30)
    assert sorted(number for _, number in clock.woken) == list(range(len(periods)))
    for period in set(periods):
        alike = [number for found, number in clock.woken if found == period]
        assert alike == sorted(alike)
    assert (other.woken, other.wakeups, clock.wakeups, timers.pending()) == ([], 0, 0, ())


class Payload:
    """Something that takes up memory."""


class Keeper(Actor):
    def receiveMessage(self, message, sender):
        if isinstance(message, Payload):
            self.wakeupAfter(3600.0, message)


def test_what_an_ended_actor_wanted_to_be_reminded_of_is_freed(system, patience):
    keeper, payload = system.createActor(Keeper), Payload()
    kept = weakref.ref(payload)
    system.tell(keeper, payload)
    del payload
    system.tell(keeper, ActorExitRequest())
    assert system.ask(keeper, "gone?", patience) is None
    eventually(lambda: not snapshot(system), "it has ended")
    eventually(lambda: gc.collect() >= 0 and kept() is None, "it is freed")
