import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.domain.branch_patterns import check_pattern, is_selected
from orchestrator.errors import Permanent


def test_a_branch_is_selected_when_included_and_not_excluded() -> None:
    assert is_selected("feature/x", ["*"])
    assert is_selected("feature/x", ["main", "feature/*"])
    assert not is_selected("feature/x", ["*"], ["feature/*"])
    assert not is_selected("bugfix", ["main", "feature/*"])
    assert not is_selected("bugfix", [])


def test_patterns_know_case_single_characters_and_ranges() -> None:
    assert not is_selected("Main", ["main"])
    assert is_selected("v1", ["v?"])
    assert is_selected("v7", ["v[0-9]"])
    assert not is_selected("main\n", ["main"])
    assert is_selected(b"caf\xe9".decode("utf-8", "surrogateescape"), ["caf*"])


@pytest.mark.parametrize("pattern", ["", "x" * 201, "*a" * 11])
def test_a_pattern_that_asks_for_too_much_is_refused(pattern: str) -> None:
    with pytest.raises(Permanent, match="branch pattern"):
        check_pattern(pattern)


@pytest.mark.timeout(60)
def test_a_name_made_to_confuse_a_pattern_is_decided() -> None:
    assert not is_selected("a" * 4096, ["*a" * 9 + "*b"])
    assert not is_selected("a" * 100_000, ["*"])


@given(st.text(max_size=30), st.text("*?[]!-a", min_size=1, max_size=12))
def test_any_pattern_gives_an_answer_or_a_refusal(branch: str, pattern: str) -> None:
    try:
        answer = is_selected(branch, [pattern])
    except Permanent:
        return
    assert answer in {True, False}
