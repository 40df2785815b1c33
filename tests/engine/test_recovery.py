"""How long a failed actor rests, how often it may begin anew, and which message it is given again."""

from hypothesis import given
from hypothesis import strategies as st
from thespian.actors import ActorAddress

from actors.engine.recovery import Failed, Recovery
from actors.engine.supervision import FailedTooOften, Supervision

NOBODY = ActorAddress("/nobody")


def recovery(*, chance=0.5, **rules):
    return Recovery(Supervision(**rules), lambda: chance)


def pauses(found, times):
    return [found.pause for now in times if found.rest(now, "broken")]


def test_each_failure_doubles_the_pause_up_to_the_last():
    found = recovery(backoff=(1.0, 5.0), quiet=100.0)
    assert pauses(found, [0, 10, 20, 30, 40]) == [1.0, 2.0, 4.0, 5.0, 5.0]
    assert (found.restarts, found.until, found.reason) == (5, 45.0, "broken")


def test_after_a_quiet_period_the_pause_is_the_first_again():
    found = recovery(backoff=(1.0, 60.0), quiet=10.0)
    assert pauses(found, [0, 5, 10, 22.1]) == [1.0, 2.0, 4.0, 8.0]
    assert pauses(found, [22.1 + 8.0 + 10.1]) == [1.0]


def test_one_failure_more_than_allowed_within_the_period_ends_it_and_older_ones_do_not_count():
    found = recovery(max_restarts=3, within=10.0, backoff=(0.1, 0.1), jitter=0.0)
    assert [found.rest(now, "") for now in (0, 1, 2, 3)] == [True, True, True, False]
    assert found.rest(10.5, "")
    assert not found.rest(10.6, "")


@given(st.lists(st.floats(0, 1000), max_size=60), st.floats(0, 1), st.floats(0, 1))
def test_a_pause_is_never_outside_of_its_bounds_and_jitter(gaps, chance, jitter):
    found = recovery(chance=chance, backoff=(0.2, 60.0), jitter=jitter, max_restarts=10**6)
    now = 0.0
    for gap in gaps:
        now += gap
        assert found.rest(now, "")
        assert 0.2 * (1 - jitter) - 1e-9 <= found.pause <= 60.0 * (1 + jitter) + 1e-9


@given(st.lists(st.floats(0, 30), min_size=1, max_size=80), st.integers(1, 6))
def test_restarts_never_exceed_the_intensity_in_any_period(gaps, most):
    found, now, restarted = recovery(max_restarts=most, within=20.0), 0.0, []
    for gap in gaps:
        now += gap
        if found.rest(now, ""):
            restarted.append(now)
    for start in restarted:
        assert sum(start <= time <= start + 20.0 for time in restarted) <= most


@given(st.integers(1, 6))
def test_a_message_is_given_to_as_many_instances_as_the_rules_say(tries):
    found, failed = recovery(tries=tries), Failed("poison", NOBODY, ValueError("no"), "")
    given = 1
    while found.keeps(failed):
        assert found.take() == ("poison", NOBODY)
        assert found.take() is None
        given += 1
    assert given == tries


def test_a_message_that_passed_at_last_leaves_the_next_one_all_its_tries():
    found, failed = recovery(tries=2), Failed("poison", NOBODY, ValueError("no"), "")
    assert found.keeps(failed)
    found.passed()
    assert found.keeps(failed)


def test_a_reason_tells_no_text_of_an_error_but_the_engines_own():
    assert Failed("", NOBODY, ValueError("a secret"), "").reason == "ValueError"
    assert Failed("", NOBODY, FailedTooOften("It failed; KeyError"), "").reason == "FailedTooOften: It failed; KeyError"
