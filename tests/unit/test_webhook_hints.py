"""Hints: which changes give one, what may never become one, and JSON of any kind that must not crash their readers."""

import json
import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.domain import hint, payload
from orchestrator.domain.hint import RefHint, is_branch
from orchestrator.domain.payload import Malformed
from orchestrator.domain.webhook import Change, Hook, Ignored, Pull, Resync
from orchestrator.domain.webhook.hosts import HOSTS, decode, hints, host
from orchestrator.domain.webhook.pull import PullState
from orchestrator.domain.webhook.signature import Refused
from orchestrator.errors import AnabranchError, Permanent

HOOK = Hook("gh", "github", (bytes(32),), {"acme/app": "app", "acme/web": "web"})


def change(ref: str, repository: str = "acme/app", deleted: bool = False) -> Change:
    return Change(repository, ref, deleted=deleted)


def test_a_change_of_a_branch_is_a_hint_about_the_configured_repository() -> None:
    assert hints(HOOK, (change("refs/heads/a", "Acme/App"),), "41") == (
        RefHint("app", "refs/heads/a", deleted=False, delivery="41"),
    )


def test_tags_and_other_refs_give_no_hint() -> None:
    assert hints(HOOK, (change("refs/tags/v1"), change("refs/notes/x"), change("HEAD")), "41") == ()


def test_a_tag_is_a_hint_about_its_repository_where_the_hook_wants_tags() -> None:
    hook = replace(HOOK, tags=True)
    changes = (
        change("refs/tags/v1"),
        change("refs/tags/v2"),
        change("refs/notes/x"),
        change("refs/tags/v1", "acme/web"),
    )
    assert [(told.repository, told.ref) for told in hints(hook, changes, "41")] == [("app", ""), ("web", "")]


def pull(title: str = "Fix the login", ref: str = "refs/heads/a") -> Pull:
    return Pull("acme/app", ref, 12, title, PullState.OPEN)


def test_a_pull_request_is_a_hint_about_its_branch_with_one_line_about_it() -> None:
    (told,) = hints(HOOK, (pull(),), "41")
    assert told == RefHint("app", "refs/heads/a", deleted=False, delivery="41", pull="PR 12 open: Fix the login")


@pytest.mark.parametrize(
    ("title", "line"),
    [
        ("", "PR 12 open"),
        (" two\nlines\u202e ", "PR 12 open: two\\x0alines\\u202e"),
        ("x" * 500, "PR 12 open: " + "x" * 119 + "…"),
        ("\udcff\ud800", "PR 12 open: \\xff\\ud800"),
    ],
)
def test_what_the_author_of_a_pull_request_wrote_is_one_short_visible_line(title: str, line: str) -> None:
    (told,) = hints(HOOK, (pull(title),), "41")
    assert told.pull == line
    assert hint.from_json(hint.to_json([told])) == (told,)


def test_a_pull_request_of_a_branch_that_git_does_not_accept_is_malformed() -> None:
    for ref in ("refs/heads/a..b", "refs/pull/12/head", ""):
        with pytest.raises(Malformed):
            hints(HOOK, (pull(ref=ref), change("refs/heads/a")), "41")


def test_of_waiting_hints_the_newest_counts_and_keeps_what_was_told_of_a_pull_request() -> None:
    older = RefHint("app", "refs/heads/a", deleted=False, delivery="1", pull="PR 12 open")
    newer = RefHint("app", "refs/heads/a", deleted=True, delivery="2")
    assert hint.newest([older, newer]) == (replace(newer, pull="PR 12 open"),)


def test_a_word_about_a_pull_request_does_not_take_back_that_its_branch_was_deleted() -> None:
    gone = RefHint("app", "refs/heads/a", deleted=True, delivery="1")
    merged = RefHint("app", "refs/heads/a", deleted=False, delivery="2", pull="PR 12 merged")
    back = RefHint("app", "refs/heads/a", deleted=False, delivery="3")
    assert hint.newest([gone, merged]) == (replace(merged, deleted=True),)
    assert hint.newest([gone, merged, back]) == (replace(back, pull="PR 12 merged"),)


def test_a_hint_of_an_older_forwarder_tells_of_no_pull_request() -> None:
    body = b'[{"repository": "app", "ref": "", "deleted": false, "delivery": "1"}]'
    assert hint.from_json(body) == (RefHint("app", "", deleted=False, delivery="1"),)


def test_the_exact_name_of_a_repository_wins_over_one_in_another_case() -> None:
    hook = Hook("gl", "gitlab", (bytes(32),), {"Acme/App": "upper", "acme/app": "lower"})
    found = [hints(hook, (change("refs/heads/a", name),), "1")[0].repository for name in ("Acme/App", "acme/app")]
    assert found == ["upper", "lower"]


def test_the_last_change_of_a_branch_counts() -> None:
    changes = (change("refs/heads/a", deleted=True), change("refs/heads/a"), change("refs/heads/b", deleted=True))
    assert [(h.ref, h.deleted) for h in hints(HOOK, changes, "")] == [("refs/heads/a", False), ("refs/heads/b", True)]


def test_a_resync_is_a_hint_about_the_whole_repository() -> None:
    assert hints(HOOK, Resync("acme/web"), "7") == (RefHint("web", "", deleted=False, delivery="7"),)


def test_very_many_branches_become_one_hint() -> None:
    changes = tuple(change(f"refs/heads/b{number}", deleted=True) for number in range(257))
    assert hints(HOOK, changes, "7") == (RefHint("app", "", deleted=False, delivery="7"),)


@pytest.mark.parametrize("name", ["acme/other", "", "acme/app\n", "acme/app/../web", "\udcff"])
def test_a_repository_that_is_not_the_hooks_is_refused_for_the_whole_delivery(name: str) -> None:
    with pytest.raises(Refused) as refused:
        hints(HOOK, (change("refs/heads/a"), change("refs/heads/a", name)), "1")
    assert str(refused.value).isprintable()


@pytest.mark.parametrize(
    "ref",
    [
        "refs/heads/" + name
        for name in ("a", "feature/x", "--output=x", "$(id)", "a;b", "<b>", "%s%n", "'\"`", "é\u202e")
    ]
    + [b"refs/heads/\xff\xfe".decode("utf-8", "surrogateescape")],
)
def test_every_name_that_git_accepts_is_a_branch_and_survives_the_journey(ref: str) -> None:
    sent = (RefHint("app", ref, deleted=False, delivery="1"),)
    assert is_branch(ref)
    assert hint.from_json(hint.to_json(sent)) == sent


@pytest.mark.parametrize(
    "ref",
    [
        "refs/heads/" + name
        for name in ("", "a b", "a\n", "a..b", "a//b", ".a", "a/.b", "a.lock", "a.lock/b", "a/", "a.")
    ]
    + [
        "refs/heads/" + name
        for name in ("a~1", "a^", "a:b", "a?", "a*", "a[b", "a\\b", "a@{b", "\ud800", "\x7f", "\x00")
    ]
    + ["refs/tags/a", "a", "refs/heads/" + "a" * 1014],
)
def test_a_name_that_git_does_not_accept_is_no_hint(ref: str) -> None:
    with pytest.raises(Malformed):
        RefHint("app", ref, deleted=False, delivery="1")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[1]",
        b"[[]]",
        b"[{}]",
        b'[{"repository": "", "ref": "", "deleted": false, "delivery": ""}]',
        b'[{"repository": "a b", "ref": "", "deleted": false, "delivery": ""}]',
        b'[{"repository": "app", "ref": "", "deleted": 0, "delivery": ""}]',
        b'[{"repository": "app", "ref": null, "deleted": false, "delivery": ""}]',
        b'[{"repository": "app", "ref": "", "deleted": false, "delivery": "1\\n2"}]',
        b'[{"repository": "app", "ref": "", "deleted": false, "delivery": "1", "pull": "PR 1 open"}]',
        b'[{"repository": "app", "ref": "refs/heads/a", "deleted": false, "delivery": "1", "pull": "a\\nb"}]',
        b'[{"repository": "app", "ref": "refs/heads/a", "deleted": false, "delivery": "1", "pull": 1}]',
        b'[{"repository": "app", "ref": "refs/heads/a", "deleted": false, "delivery": "", "pull": "%s"}]'
        % (b"x" * 201),
    ],
)
def test_a_list_that_holds_anything_but_hints_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        hint.from_json(body)


@pytest.mark.parametrize("body", [b"[" * 100_000, b"9" * 5000, b"\xff\xfe", b'{"a":', b"", b'"\\ud800', b"\x00"])
def test_json_that_cannot_be_read_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        payload.read(body)


def test_a_malformed_payload_is_described_by_its_path_and_never_by_its_value() -> None:
    with pytest.raises(Malformed) as error:
        payload.text({"a": {"b": ["\x1b[31m"]}}, "a", "b")
    assert str(error.value) == "a.b is not a string"


@pytest.mark.parametrize("value", [True, -1, 2**63, 1.0, "1", None, [1]])
def test_what_is_no_whole_number_that_fits_is_malformed(value: object) -> None:
    assert payload.number({"a": 2**63 - 1}, "a") == 2**63 - 1
    with pytest.raises(Malformed, match="a is not a whole number"):
        payload.number({"a": value}, "a")


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(
                    ["repository", "full_name", "ref", "changes", "before", "after", "forced", "pusher", "name"]
                ),
                inner,
                max_size=6,
            )
        ),
        max_leaves=20,
    )
)
def test_any_json_value_is_decoded_or_malformed(value: object) -> None:
    body = repr(value).encode() if isinstance(value, float) else json.dumps(value).encode()
    for provider in HOSTS:
        try:
            outcome = decode(provider, {"x-github-event": ("push",)}, body)
            if not isinstance(outcome, Ignored):
                hints(HOOK, outcome, "1")
        except AnabranchError:
            continue


def test_random_bytes_are_decoded_or_malformed() -> None:
    chance = random.Random(11)
    good = b'{"repository": "app", "changes": [{"ref": "refs/heads/a", "before": "%s", "after": "%s"}]}' % (
        b"0" * 40,
        b"1" * 40,
    )
    for _ in range(2000):
        body = bytearray(good)
        for _ in range(chance.randrange(1, 6)):
            body[chance.randrange(len(body))] = chance.randrange(256)
        try:
            decode("post-receive", {}, bytes(body))
        except AnabranchError:
            continue


def test_an_unknown_git_host_is_refused_naming_those_that_exist() -> None:
    with pytest.raises(Permanent, match="github, gitlab, gogs, post-receive"):
        host("sourceforge\x1b")
