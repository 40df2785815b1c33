"""When something is a new release, what it is called, and that it can be read back."""

from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.domain.commit import Member
from orchestrator.domain.release import (
    Cause,
    ResolvedContainer,
    ResolvedFile,
    digest,
    from_json,
    member_of,
    next_release,
    to_json,
)
from orchestrator.domain.workload import Container, Port, Probe, Resource, Variable, Workload

WORKLOAD = Workload("web", "score.yaml", (Port("http", 80, 8080),), (Container("main", ".", ("run",)),))
RESOLVED = (ResolvedContainer("main", (("COLOUR", "red"),), (ResolvedFile("/a", "x"),)),)
MEMBER = Member("web", "web", "bugfix", "a" * 40, "Say hello", "hook-1", WORKLOAD)


def make(member=MEMBER, resolved=RESOLVED, current=None, hint=None, last_number=0, environment="bugfix", now=1.0):
    return next_release(member, resolved, current, environment=environment, last_number=last_number, hint=hint, now=now)


def test_the_first_release_has_number_one_and_knows_where_it_comes_from():
    made = make()
    assert (made.number, made.cause, made.change, made.name) == (1, Cause.PUSH, "first release", "bugfix:web@v1")
    assert (made.commit, made.subject, made.delivery, made.created) == ("a" * 40, "Say hello", "hook-1", 1.0)
    assert member_of(made) == MEMBER


def test_numbers_go_on_from_the_last_one_ever():
    made = make(last_number=41)
    assert (made.number, made.change) == (42, "back after its removal")


def test_what_runs_the_same_is_no_new_release():
    assert make(current=make(), now=99.0, last_number=1) is None


def test_a_redeploy_is_one_all_the_same():
    made = make(current=make(), hint=Cause.REDEPLOY, last_number=1)
    assert (made.number, made.cause, made.change) == (2, Cause.REDEPLOY, "the same again")


def test_another_commit_is_a_push_whatever_else_changed():
    made = make(replace(MEMBER, commit="b" * 40), current=make(), hint=Cause.EDIT)
    assert (made.cause, made.change) == (Cause.PUSH, "commit aaaaaaa -> bbbbbbb")


@pytest.mark.parametrize("hint,cause", [(None, Cause.REWIRE), (Cause.EDIT, Cause.EDIT)])
def test_other_variables_are_an_edit_or_a_rewire_and_said_in_words(hint, cause):
    changed = (ResolvedContainer("main", (("COLOUR", "blue"), ("SIZE", "")), RESOLVED[0].files),)
    made = make(resolved=changed, current=make(), hint=hint)
    assert (made.cause, made.change) == (cause, 'COLOUR red -> blue, SIZE unset -> ""')


def test_a_secret_is_not_shown_in_what_changed():
    before, after = ((ResolvedContainer("main", (("DB_PASSWORD", v),)),) for v in ("hunter2", "hunter3"))
    made = make(resolved=after, current=make(resolved=before))
    assert made.change == "DB_PASSWORD changed"


def test_other_files_alone_are_called_files():
    changed = (replace(RESOLVED[0], files=(ResolvedFile("/a", "y"),)),)
    assert make(resolved=changed, current=make()).change == "files"


def test_a_branch_that_is_no_plain_text_is_kept_in_a_form_that_can_be_written():
    made = make(replace(MEMBER, branch="\udcff\x1b"))
    assert made.branch == "\\xff\\x1b"
    assert from_json(to_json(made)) == made


def test_the_digest_leaves_out_what_only_says_who_it_is():
    first = make()
    again = make(
        replace(MEMBER, subject="Other", delivery="poll", branch="other", repository="fork"),
        environment="other",
        last_number=7,
        now=9.0,
    )
    assert first.digest == again.digest
    assert not any(name.startswith("ANABRANCH_") for name, _ in first.resolved[0].variables)


CHANGED_WORKLOADS = (
    replace(WORKLOAD, file="other.yaml"),
    replace(WORKLOAD, ports=(Port("http", 80, 8081),)),
    replace(WORKLOAD, containers=(replace(WORKLOAD.containers[0], command=("run", "more")),)),
    replace(WORKLOAD, containers=(replace(WORKLOAD.containers[0], readiness=Probe(command=("true",))),)),
    replace(WORKLOAD, containers=(replace(WORKLOAD.containers[0], variables=(Variable("A", "b"),)),)),
    replace(WORKLOAD, resources=(Resource("app", "service"),)),
    replace(WORKLOAD, metadata='{"name":"web"}'),
)


@pytest.mark.parametrize("changed", CHANGED_WORKLOADS)
def test_any_change_of_the_workload_changes_the_digest(changed):
    assert digest("a", changed, RESOLVED) != digest("a", WORKLOAD, RESOLVED)


TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=8)
FILE = st.builds(ResolvedFile, TEXT, st.none() | TEXT, st.none() | TEXT, st.none() | TEXT, TEXT)
CONTAINER = st.builds(
    ResolvedContainer,
    TEXT,
    st.dictionaries(TEXT, TEXT, max_size=3).map(lambda d: tuple(sorted(d.items()))),
    st.lists(FILE, max_size=2).map(tuple),
)
INPUT = st.tuples(st.sampled_from(["a", "b"]), st.lists(CONTAINER, max_size=2).map(tuple))


@given(INPUT, INPUT)
def test_digests_are_equal_exactly_when_what_runs_is(one, other):
    first, second = (digest(commit, WORKLOAD, resolved) for commit, resolved in (one, other))
    assert (first == second) == (one == other)
    assert first == digest(one[0], WORKLOAD, one[1])


@given(st.lists(CONTAINER, max_size=2).map(tuple))
def test_a_release_is_read_back_as_it_was_written(resolved):
    made = make(resolved=resolved)
    assert from_json(to_json(made)) == made


def test_every_field_of_a_release_is_written():
    text = to_json(make())
    assert [f.name for f in fields(make()) if f'"{f.name}"' not in text] == []
