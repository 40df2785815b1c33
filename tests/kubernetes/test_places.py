"""So many requests at once; what is in no hurry waits while others wait."""

import threading

from orchestrator.runtimes.kubernetes.places import Places
from tests.eventually import DEADLINE


def test_no_more_have_a_place_than_there_are() -> None:
    places, together, most, lock = Places(2), 0, 0, threading.Lock()
    both = threading.Barrier(2)

    def work() -> None:
        nonlocal together, most
        with places.place():
            with lock:
                together += 1
                most = max(most, together)
            both.wait(DEADLINE)
            with lock:
                together -= 1

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(DEADLINE)
    assert (together, most) == (0, 2)


def test_what_gives_way_goes_on_when_nobody_waits_any_more_or_when_its_time_is_over() -> None:
    places, inside, leave = Places(1), threading.Event(), threading.Event()
    places.give_way(DEADLINE)

    def stay() -> None:
        with places.place():
            inside.set()
            assert leave.wait(DEADLINE)

    first = threading.Thread(target=stay)
    first.start()
    assert inside.wait(DEADLINE)
    places.give_way(DEADLINE)
    second = threading.Thread(target=stay)
    second.start()
    polite = threading.Thread(target=places.give_way, args=(2 * DEADLINE,))
    polite.start()
    places.give_way(0.01)
    leave.set()
    for thread in (first, second, polite):
        thread.join(DEADLINE)
        assert not thread.is_alive()


def test_a_place_is_free_again_after_a_failure() -> None:
    places = Places(1)
    for _ in range(2):
        try:
            with places.place():
                raise ValueError
        except ValueError:
            pass
    with places.place():
        places.give_way(DEADLINE)
