"""Hints: which changes give one, what may never become one, and JSON of any kind that must not crash their readers."""

import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.domain import hint, payload
from orchestrator.domain.hint import RefHint, is_branch
from orchestrator.domain.payload import Malformed
from orchestrator.domain.webhook import Change, Hook, Ignored, Resync
from orchestrator.domain.webhook.hosts import decode, hints, host
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
    for provider in ("github", "post-receive"):
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
