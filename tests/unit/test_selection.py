"""Which branches become environments, in which order, and what is said of the others."""

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.domain.selection import SelectionRules, select


def listed(*branches):
    return tuple((branch, f"commit of {branch}") for branch in branches)


def chosen(selection):
    return [f.branch for f in selection.followed]


def test_the_default_branch_comes_first_then_those_followed_before_then_by_name():
    found = select(listed("b", "a", "trunk", "c"), "trunk", {"c"}, SelectionRules())
    assert chosen(found) == ["trunk", "c", "a", "b"]
    assert [f.environment for f in found.followed] == ["main", "c", "a", "b"]
    assert found.followed[1].commit == "commit of c"
    assert found.refused == ()


def test_patterns_choose_but_never_leave_the_default_branch_out():
    rules = SelectionRules(include=("feature/*", "fix-*"), exclude=("*/wip",))
    found = select(listed("main", "feature/a", "feature/wip", "fix-1", "other"), "main", (), rules)
    assert chosen(found) == ["main", "feature/a", "fix-1"]
    assert found.refused == ()


def test_names_that_cannot_be_are_refused_with_one_line_each():
    found = select(listed("trunk", "main", "kube-x", "ok"), "trunk", (), SelectionRules())
    assert chosen(found) == ["trunk", "ok"]
    assert len(found.refused) == 2
    assert "branch main is not deployed" in found.refused[1]


def test_what_is_too_many_is_told_once_and_those_followed_before_keep_their_place():
    found = select(listed("main", "a", "b", "z"), "main", {"z"}, SelectionRules(most=2))
    assert chosen(found) == ["main", "z"]
    assert found.refused == ("2 branches are not deployed: at most 2 are (limits.branches_per_repository)",)
    assert [f.branch for f in found.eligible] == ["main", "z", "a", "b"]


def test_of_many_refusals_the_first_are_told_and_the_others_counted():
    found = select(listed("main", *(f"kube-{n:03}" for n in range(300)), "ok"), "main", (), SelectionRules(most=1))
    assert found.refused[0].startswith("1 branches are not deployed")
    assert "kube-000" in found.refused[1]
    assert len(found.refused) == 21
    assert found.refused[-1] == "281 more lines like these"


@given(st.lists(st.text(min_size=1, max_size=6), unique=True), st.integers(1, 4))
def test_whatever_git_lists_each_environment_is_one_branchs(names, most):
    found = select(listed("main", *(n for n in names if n != "main")), "main", (), SelectionRules(most=most))
    environments = [f.environment for f in found.eligible]
    assert len(set(environments)) == len(environments)
    assert found.followed == found.eligible[:most]
    assert all("\n" not in line for line in found.refused)
