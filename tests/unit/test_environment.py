"""One environment in one word, one line, and in order."""

from orchestrator.domain.commit import HeadMoved, Membership
from orchestrator.domain.environment import view
from orchestrator.domain.snapshot import ServiceView
from orchestrator.domain.status import Health
from orchestrator.domain.workload import Workload


def service(name, status=Health.READY, note="", *, present=True, changed=1.0, needed_by=()):
    return ServiceView("bugfix", name, name, "bugfix", present, status, note, changed, needed_by=needed_by)


def shown(*services, heads=(), problems=(), baseline=False, changed=0.0, notices=()):
    return view(
        "bugfix",
        "bugfix",
        baseline=baseline,
        heads={h.repository: h for h in heads},
        membership=Membership(problems=problems),
        services=services,
        changed=changed,
        notices=notices,
    )


def head(repository="app", commit="c1", **more):
    return HeadMoved(repository, "bugfix", "bugfix", commit, **more)


def test_the_worst_service_gives_the_word_and_its_note():
    found = shown(service("a"), service("b", Health.DEGRADED, "it crashed"), service("c", Health.PROGRESSING, "starts"))
    assert (found.status, found.note) == (Health.DEGRADED, "b: it crashed")


def test_a_borrowed_service_comes_last_and_has_no_say():
    borrowed = service("a", Health.WAITING, "nobody", present=False, needed_by=("bugfix:b",))
    found = shown(borrowed, service("b"))
    assert [s.service for s in found.services] == ["b", "a"]
    assert (found.status, found.note) == (Health.READY, "")


def test_what_only_other_environments_look_for_is_not_shown():
    found = shown(service("a", Health.WAITING, present=False, needed_by=("one:a", "two:a")), service("b"))
    assert [s.service for s in found.services] == ["b"]


def test_what_is_odd_about_a_repository_is_the_note_of_last_resort():
    lines = ("app: git.example cannot be listed",)
    assert shown(service("a"), baseline=True, notices=lines).note == lines[0]
    ill = shown(service("a", Health.DEGRADED, "it crashed"), baseline=True, notices=lines)
    assert (ill.note, ill.notices) == ("a: it crashed", lines)


def test_a_problem_is_degraded_even_when_every_service_is_well():
    found = shown(service("a"), problems=("web@bugfix score.yaml:3: no",))
    assert (found.status, found.note) == (Health.DEGRADED, "web@bugfix score.yaml:3: no")


def test_a_branch_that_is_about_to_leave_says_so():
    assert shown(service("a"), heads=(head(note="git lists it no more"),)).note == "app: git lists it no more"


def test_the_baseline_says_that_it_is_one_when_there_is_nothing_else_to_say():
    assert shown(service("a"), baseline=True).note == "baseline"
    assert shown(service("a", Health.WAITING, "why"), baseline=True).note == "a: why"


def test_it_changed_when_the_last_of_it_did():
    assert shown(service("a", changed=5.0), changed=3.0).changed == 5.0
    assert shown(service("a", changed=5.0), changed=9.0).changed == 9.0


def test_each_repository_says_what_was_found_there():
    heads = (
        head("a", services=(Workload("web", "score.yaml"), Workload("api", "api/score.yaml"))),
        head("b", errors=("b: too big",)),
        head("c"),
        head("d", services=(Workload("x", "s"),), note="leaving"),
    )
    found = shown(heads=heads)
    assert [at.note for at in found.looked_at] == ["web, api", "b: too big", "no Score file there", "leaving"]


def test_only_services_or_problems_make_an_environment():
    assert not shown(heads=(head(),)).exists
    assert shown(service("a")).exists
    assert shown(problems=("no",)).exists
    assert shown(baseline=True).exists
