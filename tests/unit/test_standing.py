"""What a service tells its peers and its readers, from nothing to serving and back."""

from dataclasses import replace

from orchestrator.domain.commit import Member
from orchestrator.domain.override import Override
from orchestrator.domain.release import next_release
from orchestrator.domain.standing import Rollout, Standing, answer, differs, fallback, port_numbers, serves_itself, view
from orchestrator.domain.status import Health, Observation
from orchestrator.domain.wire import Wired, WiredPort
from orchestrator.domain.wiring import Resolution
from orchestrator.domain.workload import Port, Workload

WORKLOAD = Workload("app", "score.yaml", (Port("http", 80, 8080),))
MEMBER = Member("app", "app", "bugfix", "b" * 40, "Subject", "poll", WORKLOAD)
BORROWED = Wired(
    "main", "app", defined=True, ports=(WiredPort("http", 81, "h", 1, "http://app.main.example.org"),),
    origin="branch", served_from="main",
    branch="trunk", commit="m" * 40, candidates=("zoo",),
)  # fmt: skip
PORTS = (WiredPort("http", 80, "127.0.0.1", 20001, "http://app.bugfix.example.org"),)
NOTHING = Standing("bugfix", "bugfix", "app", "main", candidates=("web",))
DEFINED = replace(NOTHING, member=MEMBER, ports=PORTS)


def rollout(number=1, health=Health.READY, reason="", commit="b" * 40):
    release = next_release(
        replace(MEMBER, commit=commit), (), None, environment="bugfix", last_number=number - 1, hint=None, now=1.0
    )
    return Rollout(release, Observation("bugfix", "app", number, health, reason, tries=2), 3.0)


def serving(first=None, newest=None):
    first = first or rollout()
    return replace(DEFINED, serving=first, newest=newest or first)


def test_what_nobody_defines_is_not_defined_and_names_what_there_is():
    told = answer(replace(NOTHING, borrowed=replace(BORROWED, defined=False)))
    assert (told.defined, told.ports, told.origin, told.served_from) == (False, (), "none", "")
    assert told.candidates == ("web", "zoo")
    assert told.note == "bugfix has no app"
    shown = view(replace(NOTHING, borrowed=None), 0.0)
    assert (shown.status, shown.present) == (Health.WAITING, False)


def test_what_the_branch_lacks_comes_from_the_fallback():
    now = replace(NOTHING, borrowed=BORROWED, ports=PORTS)
    told = answer(now)
    assert (told.defined, told.origin, told.served_from) == (True, "baseline", "main")
    assert (told.branch, told.commit) == ("trunk", "m" * 40)
    assert port_numbers(now) == (("http", 81),)
    shown = view(now, 0.0)
    assert (shown.status, shown.note, shown.borrowed_from) == (Health.READY, "from main", "main")
    assert not serves_itself(now)


def test_what_was_ready_once_is_no_more_taken_from_the_fallback_unless_the_branch_no_longer_has_it():
    new = replace(DEFINED, borrowed=BORROWED)
    again, gone = replace(new, served=True), replace(new, served=True, member=None)
    assert [fallback(now) for now in (DEFINED, new, again, gone)] == [None, "main", None, "main"]
    assert [serves_itself(now) for now in (DEFINED, new, again, gone)] == [True, False, True, False]


def test_peers_reach_what_is_borrowed_by_this_environments_address_and_browsers_by_its_owners():
    borrowed = replace(BORROWED, ports=(replace(PORTS[0], host="h", public="http://app.main.example.org"),))
    for standing, public in (
        (replace(NOTHING, borrowed=borrowed, ports=PORTS), "http://app.main.example.org"),
        (replace(NOTHING, borrowed=BORROWED, ports=PORTS), ""),
        (replace(serving(), borrowed=borrowed), "http://app.bugfix.example.org"),
    ):
        assert answer(standing).ports == (replace(PORTS[0], public=public),)


def test_a_fallback_that_is_not_the_baseline_is_another_branch():
    assert answer(replace(NOTHING, borrowed=BORROWED, baseline="trunk-env")).origin == "branch"


def test_a_defined_service_answers_before_it_is_ready():
    told = answer(DEFINED)
    assert (told.defined, told.origin, told.served_from, told.ports) == (True, "branch", "bugfix", PORTS)
    assert told.note == "bugfix:app is not ready: its first release is being made"
    assert told.commit == "b" * 40
    assert port_numbers(DEFINED) == (("http", 80),)
    assert view(DEFINED, 0.0).status is Health.PROGRESSING


def test_until_the_first_release_is_ready_the_fallback_serves_and_both_sides_are_told():
    now = replace(DEFINED, borrowed=BORROWED, newest=rollout(health=Health.PROGRESSING, reason="waits for its port"))
    told = answer(now)
    assert (told.origin, told.served_from, told.branch) == ("baseline", "main", "trunk")
    assert told.note == "bugfix:app v1 is not ready: waits for its port"
    shown = view(now, 0.0)
    assert (shown.status, shown.note, shown.borrowed_from) == (Health.PROGRESSING, "waits for its port", "main")
    assert (shown.pending.number, shown.serving) == (1, None)


def test_once_it_was_ready_it_serves_itself_crashes_included():
    for health in Health:
        now = replace(serving(rollout(health=health)), borrowed=BORROWED)
        told = answer(now)
        assert (told.origin, told.served_from, told.note, told.branch) == ("branch", "bugfix", "", "bugfix")
        assert view(now, 0.0).borrowed_from == ""


def test_a_release_under_way_says_which_one_serves():
    now = serving(newest=rollout(2, Health.PROGRESSING, commit="c" * 40))
    shown = view(now, 0.0)
    assert (shown.status, shown.note) == (Health.PROGRESSING, "v2 (ccccccc) is starting; v1 serves")
    assert (shown.serving.status, shown.pending.status) == ("Serving", "Starting")
    assert answer(now).commit == "b" * 40


def test_a_release_that_failed_says_why_and_which_one_serves():
    shown = view(serving(newest=rollout(2, Health.DEGRADED, "exited", commit="c" * 40)), 0.0)
    assert (shown.status, shown.note) == (Health.DEGRADED, "v2 (ccccccc) failed: exited; v1 serves")
    assert (shown.pending.status, shown.pending.tries, shown.pending.reason) == ("Failed", 2, "exited")


def test_what_is_missing_or_refused_comes_before_everything_else():
    missing = replace(serving(), resolution=Resolution(missing=("first", "second")))
    assert (view(missing, 0.0).status, view(missing, 0.0).note) == (Health.WAITING, "first")
    refused = replace(missing, refusal="cannot run here")
    assert (view(refused, 0.0).status, view(refused, 0.0).note) == (Health.DEGRADED, "app@bugfix cannot run here")


def test_a_peer_is_told_that_the_runtime_refuses_the_first_release():
    refused = replace(DEFINED, borrowed=BORROWED, refusal="cannot run here")
    assert answer(refused).note == "bugfix:app is not ready: cannot run here"


def test_edited_variables_are_named_while_all_is_well():
    overrides = (Override("A", "x", 1.0, "ann"), Override("B", "y", 1.0, "ann"))
    assert view(replace(serving(), overrides=overrides), 0.0).note == "edited: A, B"


def test_consumers_that_disagree_are_told_so():
    assert answer(replace(serving(), conflict="they disagree")).problem == "they disagree"


def test_a_reader_sees_a_difference_in_what_is_said_not_in_when():
    now = view(serving(), 1.0)
    assert not differs(now, replace(now, changed=2.0))
    assert not differs(now, replace(now, needed_by=("x",)))
    assert differs(now, replace(now, note="other"))
    assert differs(now, view(serving(newest=rollout(2)), 1.0))
    assert differs(now, replace(now, present=False))
