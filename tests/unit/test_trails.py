"""The memory of traces is bounded, and found by delivery or commit."""

from actors.trails import STEPS, TRACES, Trails
from orchestrator.domain.machine_room import StepView

COMMIT = "9f2c1ab" + "0" * 33


def step(at: float) -> StepView:
    return StepView(at, "service bugfix:web", "/A1", "Define")


def test_a_trace_is_found_by_its_delivery_and_by_the_beginning_of_a_commit_in_it() -> None:
    trails = Trails()
    trails.note("41", step(2.0))
    trails.carry("41", COMMIT, "web@bugfix 9f2c1ab")
    found = trails.find("41")
    assert found is not None
    assert found == trails.find("9f2c1")
    assert (found.began, found.carried, found.steps) == (2.0, ("web@bugfix 9f2c1ab",), (step(2.0),))
    assert trails.find("9f2d") is None
    assert trails.find("") is None


def test_the_number_of_a_delivery_means_it_although_a_commit_begins_so_too() -> None:
    trails = Trails()
    for trace in ("9f2c", "9f2c1ab00000"):
        trails.note(trace, step(1.0))
    trails.carry("9f2c1ab00000", COMMIT, "web@main 9f2c1ab")
    assert [found.trace for found in map(trails.find, ("9f2c", "9f2c1ab00000")) if found] == ["9f2c", "9f2c1ab00000"]
    trails.note("7", step(2.0))
    trails.carry("7", COMMIT, "web@bugfix 9f2c1ab")
    assert [found.trace for found in map(trails.find, ("9f2c1ab", "9f2c1ab00000")) if found] == ["7", "7"]


def test_steps_are_shown_in_the_order_of_time_however_they_came() -> None:
    trails = Trails()
    for at in (3.0, 1.0, 2.0):
        trails.note("41", step(at))
    found = trails.find("41")
    assert found is not None
    assert [each.at for each in found.steps] == [1.0, 2.0, 3.0]


def test_what_has_no_trace_is_not_remembered() -> None:
    trails = Trails()
    trails.note("", step(1.0))
    trails.carry("", COMMIT, "x")
    assert trails.find(COMMIT) is None


def test_the_oldest_trace_makes_room_and_a_long_one_keeps_its_beginning() -> None:
    trails = Trails()
    for number in range(TRACES + 1):
        trails.note(str(number), step(number))
    assert (trails.find("0"), trails.find("1") is not None) == (None, True)
    for number in range(STEPS + 5):
        trails.note("long", step(number))
    found = trails.find("long")
    assert found is not None
    assert (len(found.steps), found.steps[0].at, found.left_out) == (STEPS, 0.0, 5)
