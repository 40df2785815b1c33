"""The one fallback that all who rely on a service agree on."""

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.domain.consumers import Agreement, Reliance, agree


def test_nobody_names_no_fallback():
    assert agree(()) == Agreement()


def test_one_branch_leads_to_its_environment():
    found = agree((Reliance("bugfix:web", "feature/X", "web score.yaml"),))
    assert found.fallback == "feature/X"
    assert found.environment.startswith("feature-x-")
    assert found.conflict == ""


def test_no_fallback_is_an_agreement_too():
    assert agree((Reliance("bugfix:web", "", "web score.yaml"),)) == Agreement()


def test_two_files_that_disagree_are_both_named():
    found = agree((Reliance("b:web", "main", "web score.yaml"), Reliance("b:api", "", "api score.yaml")))
    assert found == Agreement(
        conflict="api score.yaml says fallback none, web score.yaml says main; let both say the same"
    )


def test_an_environment_that_borrows_has_no_say():
    assert agree((Reliance("b:app", "stage", ""), Reliance("b:web", "main", "web score.yaml"))).fallback == "main"


def test_a_fallback_that_no_branch_can_be_is_one_line_that_names_the_file():
    found = agree((Reliance("b:web", "kube-system", "web score.yaml"),))
    assert found.conflict.startswith("web score.yaml: fallback: ")
    assert (found.fallback, found.environment) == ("", "")


RELIANCES = st.lists(
    st.builds(Reliance, st.sampled_from("abc"), st.text(max_size=4), st.sampled_from(["", "x score.yaml", "y s.yaml"]))
)


@given(RELIANCES, st.randoms())
def test_whatever_they_say_the_answer_is_one_line_and_does_not_depend_on_the_order(reliances, random):
    shuffled = list(reliances)
    random.shuffle(shuffled)
    found = agree(reliances)
    assert "\n" not in found.conflict
    assert not (found.conflict and found.environment)
    written = {r.fallback for r in reliances if r.file}
    if len(written) <= 1:
        assert found == agree(shuffled)
    assert bool(found.conflict) == bool(agree(shuffled).conflict)
