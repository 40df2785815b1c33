import re

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from orchestrator.domain.naming import (
    ServiceId,
    environment_name,
    find_environment,
    is_label,
    parse_service_id,
    service_name,
)
from orchestrator.errors import NotFound, Permanent

LABEL = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")
HASHED = re.compile(r"[a-z0-9-]{1,36}-[a-z2-7]{16}")
BRANCHES = st.one_of(
    st.binary(min_size=1, max_size=80).map(lambda raw: raw.decode("utf-8", "surrogateescape")),
    st.text("abAB-/._1é", min_size=1, max_size=60),
    st.from_regex(HASHED, fullmatch=True),
)


def name_or_refusal(branch: str) -> str:
    try:
        return environment_name(branch)
    except Permanent:
        return ""


@pytest.mark.parametrize("branch", ["main", "bugfix", "a", "7", "feature-x", "a--b", "x" * 53])
def test_a_branch_that_is_a_valid_label_keeps_its_name(branch: str) -> None:
    assert environment_name(branch) == branch


@pytest.mark.parametrize(
    "branch",
    [
        "feature/x",
        "Feature",
        "-dash",
        "dash-",
        "a.b",
        "a_b",
        "x" * 54,
        "--output=x",
        "$(id)",
        "%s%n",
        "\u202e",
        "#",
        "a\n",
    ],
)
def test_any_other_branch_becomes_a_slug_with_a_hash(branch: str) -> None:
    assert HASHED.fullmatch(environment_name(branch))


def test_the_name_is_the_same_for_ever() -> None:
    assert environment_name("feature/LOGIN-12") == "feature-login-12-jmv6gynfuzkdkcl5"


def test_the_hash_is_of_the_bytes_that_git_holds() -> None:
    latin = b"caf\xe9".decode("utf-8", "surrogateescape")
    assert environment_name(latin) != environment_name("café")
    assert environment_name(latin).startswith("caf-")


def test_a_long_branch_is_cut_to_a_label() -> None:
    name = environment_name("feature/" + "x" * 300)
    assert len(name) == 53
    assert name.startswith("feature-" + "x" * 28 + "-")


def test_a_branch_that_looks_like_a_hashed_name_is_hashed_too() -> None:
    victim = environment_name("feature/x")
    assert environment_name(victim) != victim
    assert HASHED.fullmatch(environment_name(victim))
    assert environment_name("x-abcdefghijklmnop") != "x-abcdefghijklmnop"


@pytest.mark.parametrize("branch", ["default", "kube-system", "kube-", "kube-public", "kube/x"])
def test_a_reserved_name_is_refused(branch: str) -> None:
    with pytest.raises(Permanent, match="reserved"):
        environment_name(branch)


@pytest.mark.parametrize("branch", ["", "\ud800", "a\udfffb"])
def test_what_git_cannot_hold_is_refused(branch: str) -> None:
    with pytest.raises(Permanent, match="no branch name") as refusal:
        environment_name(branch)
    assert str(refusal.value).isprintable()


@given(BRANCHES)
@example("default-")
def test_every_name_is_a_valid_label_of_at_most_53_characters(branch: str) -> None:
    name = name_or_refusal(branch)
    assume(name)
    assert LABEL.fullmatch(name)
    assert len(name) <= 53


@given(BRANCHES, BRANCHES)
def test_two_branches_never_share_a_name(one: str, other: str) -> None:
    assume(one != other)
    assert name_or_refusal(one) != name_or_refusal(other) or not name_or_refusal(one)


@given(BRANCHES, st.integers(0, 79), st.sampled_from(["", "a", "A", "/", "-", "_", ".", "\udce9"]))
def test_a_branch_and_its_one_character_edit_never_share_a_name(branch: str, at: int, character: str) -> None:
    edited = branch[:at] + character + branch[at + 1 :]
    assume(edited != branch)
    assert name_or_refusal(edited) != name_or_refusal(branch) or not name_or_refusal(branch)


@given(BRANCHES)
def test_a_branch_named_like_anothers_environment_gets_its_own(branch: str) -> None:
    name = name_or_refusal(branch)
    assume(HASHED.fullmatch(name))
    assert environment_name(name) != name


def test_an_environment_is_found_by_its_own_name_and_by_its_branch() -> None:
    slug = environment_name("feature/x")
    assert find_environment("feature/x", ["main", slug]) == slug
    assert find_environment(slug, ["main", slug]) == slug


def test_an_unknown_environment_is_refused_with_the_nearest() -> None:
    with pytest.raises(NotFound, match=re.escape('no environment "bugfx"; did you mean bugfix? (anabranch envs)')):
        find_environment("bugfx", ["main", "bugfix"])
    with pytest.raises(NotFound, match='no environment "default"'):
        find_environment("default", ["main"])


def test_an_underscore_in_a_service_name_is_read_as_a_dash() -> None:
    assert service_name("other_app") == "other-app"


@pytest.mark.parametrize("text", ["", "a", "Web", "web/x", "_web", "web\n", "x" * 64, "wéb"])
def test_what_cannot_be_a_service_name_is_refused(text: str) -> None:
    with pytest.raises(Permanent, match="no service name") as refusal:
        service_name(text)
    assert str(refusal.value).isprintable()


@pytest.mark.parametrize("text,answer", [("ab", True), ("a", False), ("a-b", True), ("-a", False), ("x" * 64, False)])
def test_a_label_has_two_to_63_letters_digits_and_dashes(text: str, answer: bool) -> None:
    assert is_label(text) is answer


@pytest.mark.parametrize(
    "text,expected",
    [
        ("web", ServiceId(None, "web", None)),
        ("bugfix:web", ServiceId("bugfix", "web", None)),
        ("bugfix:web@v3", ServiceId("bugfix", "web", "v3")),
        ("web@9f2c1ab", ServiceId(None, "web", "9f2c1ab")),
        ("feature/a@b:other_app@v12", ServiceId("feature/a@b", "other-app", "v12")),
        ("a:b:web", ServiceId("a:b", "web", None)),
    ],
)
def test_an_id_is_split_at_the_last_colon_then_at_the_first_at_sign(text: str, expected: ServiceId) -> None:
    assert parse_service_id(text) == expected


@pytest.mark.parametrize("text", ["", ":web", "bugfix:", "web@", "web@v0", "web@3", "web@v3@v4", "web@xyz", "web@v1\n"])
def test_a_malformed_id_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(Permanent) as refusal:
        parse_service_id(text)
    assert str(refusal.value).isprintable()
