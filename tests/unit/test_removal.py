"""When a branch counts as gone: one list with a deletion heard of, two lists without, and never too many at once."""

from collections.abc import Collection

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.domain.removal import Judgement, RemovalRules, RemovalState, approve, judge, remember

RULES = RemovalRules(grace=60, window=600, least=3, share=0.2)


class Story:
    """Judges one list after the other."""

    def __init__(self, *branches: str) -> None:
        self.state: RemovalState = remember(branches)

    def list(self, listed: Collection[str], at: float, deleted: Collection[str] = ()) -> Judgement:
        judgement = judge(self.state, listed, "main", at, deleted, RULES)
        self.state = judgement.state
        return judgement


def many(count: int) -> list[str]:
    return [f"branch-{number:02}" for number in range(count)]


def test_a_branch_that_one_list_lacks_is_leaving():
    judgement = Story("main", "bugfix").list(["main"], at=0)

    assert (judgement.gone, judgement.leaving, judgement.held) == ((), ("bugfix",), ())


def test_a_branch_that_two_lists_lack_is_gone_once_the_grace_is_over():
    story = Story("main", "bugfix")
    story.list(["main"], at=0)

    assert story.list(["main"], at=59).gone == ()
    assert story.list(["main"], at=60).gone == ("bugfix",)
    assert story.list(["main"], at=61) == Judgement(story.state)


def test_a_deletion_that_was_heard_of_needs_one_list():
    judgement = Story("main", "bugfix").list(["main"], at=0, deleted=["bugfix"])

    assert (judgement.gone, judgement.leaving) == (("bugfix",), ())


def test_a_deletion_that_is_heard_of_between_two_lists_needs_no_grace():
    story = Story("main", "bugfix")
    story.list(["main"], at=0)

    assert story.list(["main"], at=1, deleted=["bugfix"]).gone == ("bugfix",)


def test_a_deletion_told_of_while_git_still_lists_the_branch_is_forgotten():
    story = Story("main", "bugfix")
    story.list(["main", "bugfix"], at=0, deleted=["bugfix"])

    assert story.list(["main"], at=1).leaving == ("bugfix",)


def test_a_deletion_of_an_unknown_branch_is_not_kept_for_later():
    story = Story("main")
    story.list(["main"], at=0, deleted=["bugfix"])
    story.list(["main", "bugfix"], at=1)

    assert story.list(["main"], at=2).leaving == ("bugfix",)


def test_a_list_that_shows_the_branch_again_starts_all_over():
    story = Story("main", "bugfix")
    story.list(["main"], at=0)
    assert story.list(["main", "bugfix"], at=59).leaving == ()
    story.list(["main"], at=60)

    assert story.list(["main"], at=119).gone == ()
    assert story.list(["main"], at=120).gone == ("bugfix",)


def test_a_list_without_the_default_branch_removes_nothing_but_adds():
    story = Story("main", "bugfix")
    for at in (0, 100, 1000):
        judgement = story.list(["new"], at=at, deleted=["main"])
        assert (judgement.gone, judgement.leaving) == ((), ())

    assert story.list(["main"], at=1001).leaving == ("bugfix", "new")


def test_an_empty_list_removes_nothing_however_often_it_comes():
    story = Story("main", *many(50))

    assert all(story.list([], at=at).gone == () for at in range(0, 10_000, 100))


def test_a_deletion_heard_of_during_wrong_answers_counts_in_the_next_good_list():
    story = Story("main", "bugfix")
    story.list([], at=0, deleted=["bugfix"])

    assert story.list(["main"], at=1).gone == ("bugfix",)


def test_the_default_branch_never_leaves():
    story = Story("main", "bugfix")

    assert story.list(["bugfix"], at=0, deleted=["main"]).gone == ()
    assert "main" in story.list(["bugfix"], at=1000).state.known


def test_a_former_default_branch_leaves_like_any_other():
    state = judge(remember(["main", "trunk"]), ["trunk"], "trunk", 0, (), RULES).state

    assert judge(state, ["trunk"], "trunk", 60, (), RULES).gone == ("main",)


def test_without_a_grace_two_lists_are_still_needed():
    rules = RemovalRules(grace=0)
    first = judge(remember(["main", "bugfix"]), ["main"], "main", 5, (), rules)

    assert first.gone == ()
    assert judge(first.state, ["main"], "main", 5, (), rules).gone == ("bugfix",)


def test_three_branches_may_go_at_once():
    judgement = Story("main", *many(3)).list(["main"], at=0, deleted=many(3))

    assert judgement.gone == tuple(many(3))


def test_the_fourth_at_once_stops_them_all_until_it_is_approved():
    story = Story("main", *many(4))
    judgement = story.list(["main"], at=0, deleted=many(4))
    assert (judgement.gone, judgement.leaving, judgement.held) == ((), (), tuple(many(4)))
    assert story.list(["main"], at=100_000).held == tuple(many(4))

    story.state = approve(story.state)
    judgement = story.list(["main"], at=100_001)

    assert (judgement.gone, judgement.held) == (tuple(many(4)), ())


def test_a_fifth_of_many_environments_may_go_at_once():
    story = Story("main", *many(49))

    assert story.list(["main", *many(49)[10:]], at=0, deleted=many(49)).gone == tuple(many(10))


def test_more_than_a_fifth_of_many_environments_is_held():
    story = Story("main", *many(49))

    assert story.list(["main", *many(49)[11:]], at=0, deleted=many(11)).held == tuple(many(11))


def test_removals_one_by_one_count_together_within_the_window():
    story = Story("main", *many(6))
    for number in range(3):
        assert story.list(["main", *many(6)[number + 1 :]], at=number, deleted=many(6)[: number + 1]).gone

    assert story.list(["main", *many(6)[4:]], at=599, deleted=many(6)[3:4]).held == ("branch-03",)


def test_removals_are_forgotten_after_the_window():
    story = Story("main", *many(6))
    story.list(["main", *many(6)[3:]], at=0, deleted=many(3))

    assert story.list(["main", *many(6)[4:]], at=600, deleted=["branch-03"]).gone == ("branch-03",)


def test_while_the_brake_holds_nothing_else_goes():
    story = Story("main", "last", *many(4))
    story.list(["main", "last"], at=0, deleted=many(4))

    assert story.list(["main"], at=10_000, deleted=["last"]).held == (*many(4), "last")


def test_a_held_branch_that_comes_back_is_free_again():
    story = Story("main", *many(4))
    story.list(["main"], at=0, deleted=many(4))
    judgement = story.list(["main", *many(4)], at=1)
    assert (judgement.held, judgement.leaving) == ((), ())

    assert story.list(["main", *many(4)[1:]], at=2, deleted=["branch-00"]).gone == ("branch-00",)


def test_an_approval_does_not_cover_what_came_back_and_left_again():
    story = Story("main", *many(4))
    story.list(["main"], at=0, deleted=many(4))
    story.state = approve(story.state)
    story.list(["main", *many(4)], at=1)

    assert story.list(["main"], at=2, deleted=many(4)).held == tuple(many(4))


def test_a_wrong_answer_after_the_approval_removes_nothing():
    story = Story("main", *many(4))
    story.list(["main"], at=0, deleted=many(4))
    story.state = approve(story.state)

    assert story.list([], at=1).gone == ()
    assert story.list(["main"], at=2).gone == tuple(many(4))


NAMES = st.sets(st.sampled_from(["main", *many(8)]))


@given(st.lists(st.tuples(NAMES, NAMES, st.integers(0, 200))))
def test_whatever_is_listed_only_absent_branches_go_and_each_once(steps):
    story = Story("main", *many(8))
    now, alive = 0, {"main", *many(8)}
    for listed, deleted, wait in steps:
        now += wait
        alive |= listed
        judgement = story.list(listed, at=now, deleted=deleted)
        assert not set(judgement.gone) & listed
        assert set(judgement.gone) <= alive
        assert not judgement.gone or "main" in listed
        assert len(judgement.gone) <= 3
        assert not set(judgement.leaving) & set(judgement.held)
        alive -= set(judgement.gone)
        assert judgement.state.known == alive
