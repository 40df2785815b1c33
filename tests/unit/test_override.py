"""Variables that people set: what is left after changes, and how an editor notices another's change."""

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.domain.override import Override, changed, revision

NAMES = st.sampled_from(["A", "B", "C"])
CHANGES = st.lists(st.tuples(NAMES, st.none() | st.text(max_size=3)), max_size=6).map(tuple)


def test_a_new_text_says_when_and_by_whom():
    assert changed((), (("A", "x"),), 5.0, "ann") == (Override("A", "x", 5.0, "ann"),)


def test_the_same_text_again_keeps_who_set_it_first():
    first = changed((), (("A", "x"),), 5.0, "ann")
    assert changed(first, (("A", "x"),), 9.0, "bob") == first


def test_unset_takes_it_away_and_what_was_not_set_is_no_matter():
    first = changed((), (("A", "x"), ("B", "y")), 5.0, "ann")
    assert [o.variable for o in changed(first, (("A", None), ("C", None)), 6.0, "ann")] == ["B"]


def test_the_last_of_two_changes_of_one_variable_counts():
    assert changed((), (("A", "x"), ("A", None)), 1.0, "ann") == ()
    assert changed((), (("A", None), ("A", "y")), 1.0, "ann")[0].text == "y"


@given(CHANGES, CHANGES)
def test_changes_one_after_the_other_are_the_same_as_all_at_once(first, second):
    stepwise = changed(changed((), first, 1.0, "ann"), second, 1.0, "ann")
    assert stepwise == changed((), first + second, 1.0, "ann")
    assert [o.variable for o in stepwise] == sorted({o.variable for o in stepwise})


@given(st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=4), st.randoms())
def test_a_revision_names_the_texts_whatever_their_order(texts, random):
    pairs = list(texts.items())
    shuffled = list(pairs)
    random.shuffle(shuffled)
    assert revision(pairs) == revision(shuffled)
    assert len(revision(pairs)) == 16


@given(st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=3), st.text(max_size=3), st.text(max_size=3))
def test_any_other_text_is_another_revision(texts, name, text):
    other = texts | {name: text}
    assert (revision(list(texts.items())) == revision(list(other.items()))) == (texts == other)
