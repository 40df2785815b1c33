"""Who is in an environment, whatever the order in which the repositories spoke."""

from dataclasses import replace
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.domain.commit import HeadMoved, Member, Membership, environment_of, members
from orchestrator.domain.workload import Workload
from orchestrator.errors import Permanent

ORDER = ("app", "web", "other_app")


def head(repository, *services, commit="c1", errors=(), files=None, **more):
    workloads = tuple(Workload(name, f"{name}/score.yaml") for name in services)
    found = tuple(w.file for w in workloads) if files is None else files
    return HeadMoved(repository, "bugfix", "bugfix", commit, "Subject", workloads, errors, found, "poll", **more)


def merged(*heads, before=Membership(), most=50):  # noqa: B008 - a frozen value
    return members({h.repository: h for h in heads}, before, ORDER, most)


def names(membership):
    return [(m.service, m.repository) for m in membership.members]


def test_heads_of_all_repositories_are_merged_by_name():
    found = merged(head("web", "web"), head("app", "zoo", "app"))
    assert names(found) == [("app", "app"), ("web", "web"), ("zoo", "app")]
    assert found.members[0] == Member("app", "app", "bugfix", "c1", "Subject", "poll", found.members[0].workload)
    assert found.members[0].where == "app@bugfix"


def test_the_first_repository_of_the_settings_owns_a_name():
    heads = [head("web", "api"), head("other_app", "api"), head("app", "api")]
    results = {merged(*order) for order in permutations(heads)}
    assert len(results) == 1
    (found,) = results
    assert names(found) == [("api", "app")]
    assert found.problems == (
        'web@bugfix api/score.yaml: service "api" belongs to repository app (api/score.yaml); rename one of them',
        'other_app@bugfix api/score.yaml: service "api" belongs to repository app (api/score.yaml); rename one of them',
    )


def test_a_repository_that_the_settings_do_not_name_has_no_part():
    assert merged(head("stranger", "app")) == Membership()


def test_a_head_that_is_gone_has_no_part():
    assert merged(head("app", "app", commit=None)) == Membership()


def test_a_file_that_cannot_be_read_keeps_what_it_defined_before():
    before = merged(head("app", "app", "api"))
    broken = head("app", "api", commit="c2", errors=("app: line 3",), files=("app/score.yaml", "api/score.yaml"))
    found = merged(broken, before=before)
    assert [(m.service, m.commit) for m in found.members] == [("api", "c2"), ("app", "c1")]
    assert found.problems == ("app: line 3",)


def test_a_head_that_cannot_be_read_at_all_keeps_everything():
    before = merged(head("app", "app", "api"))
    assert merged(head("app", commit="c2", errors=("too big",)), before=before).members == before.members


def test_a_file_that_is_gone_takes_its_service_along():
    assert merged(head("app", commit="c2"), before=merged(head("app", "app"))) == Membership()


def test_a_broken_file_of_one_repository_keeps_nothing_of_another():
    before = merged(head("app", "api"))
    broken = head("web", commit="c2", errors=("bad",), files=("api/score.yaml",))
    assert merged(broken, before=before).members == ()


def test_more_services_than_allowed_are_refused_one_by_one():
    found = merged(head("app", "aa", "bb"), head("web", "cc"), most=2)
    assert names(found) == [("aa", "app"), ("bb", "app")]
    assert found.problems == (
        "web@bugfix cc/score.yaml: refused, an environment holds at most 2 services (limits.services_per_branch)",
    )


HEADS = st.lists(
    st.builds(
        lambda repository, services: head(repository, *sorted(services)),
        st.sampled_from(ORDER),
        st.sets(st.sampled_from(["aa", "bb", "cc", "dd"])),
    ),
    unique_by=lambda h: h.repository,
    max_size=3,
)


@given(HEADS, st.randoms())
def test_the_order_of_arrival_never_matters(heads, random):
    shuffled = list(heads)
    random.shuffle(shuffled)
    found = merged(*heads, most=3)
    assert found == merged(*shuffled, most=3)
    defined = sum(len(h.services) for h in heads)
    assert len(found.members) + len(found.problems) == defined
    assert merged(*heads, before=found, most=3) == found


@pytest.mark.parametrize(
    "branch,default,baseline,environment",
    [
        ("trunk", "trunk", "main", "main"),
        ("main", "main", "main", "main"),
        ("bugfix", "main", "main", "bugfix"),
        ("develop", "main", "develop", None),
        ("main", "trunk", "main", None),
        ("kube-system", "main", "main", None),
        ("default", "default", "main", "main"),
    ],
)
def test_the_default_branch_is_the_baseline_and_nobody_else_is(branch, default, baseline, environment):
    if environment is None:
        with pytest.raises(Permanent) as refused:
            environment_of(branch, default, baseline)
        assert "\n" not in str(refused.value)
    else:
        assert environment_of(branch, default, baseline) == environment


def test_where_a_member_comes_from_is_written_in_visible_characters():
    member = replace(merged(head("app", "app")).members[0], branch="\x1b[31m")
    assert member.where == "app@\\x1b[31m"
