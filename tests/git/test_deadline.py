"""One thing after another within a deadline; whatever lasts longer is told of while it lasts."""

import threading
import time

from orchestrator.adapters.git.deadline import Deadline
from tests.eventually import DEADLINE


def test_what_lasts_too_long_is_told_of_while_it_lasts() -> None:
    late = threading.Event()
    deadline = Deadline(0.01, late.set)
    with deadline.within():
        assert late.wait(DEADLINE)


def test_a_thing_has_its_whole_time_however_long_those_before_it_took() -> None:
    late = threading.Event()
    deadline, end = Deadline(0.5, late.set), time.monotonic() + 1.2
    while time.monotonic() < end:
        with deadline.within():
            pass
    assert not late.is_set()
    with deadline.within():
        assert late.wait(DEADLINE)


def test_nobody_is_told_of_what_ended_in_time_or_was_closed() -> None:
    late, pause = threading.Event(), threading.Event()
    deadline = Deadline(0.5, late.set)
    with deadline.within():
        pass
    pause.wait(0.7)
    with deadline.within():
        deadline.close()
        pause.wait(0.7)
    assert not late.is_set()
