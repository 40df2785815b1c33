"""GitHub's payloads, cut down to what is read, and what is made of them."""

import json
from typing import Any
from urllib.parse import quote_plus

import pytest

from orchestrator.domain.payload import Malformed
from orchestrator.domain.webhook import Change, Ignored
from orchestrator.domain.webhook.hosts import decode

OLD, NEW, NONE = "1" * 40, "2" * 40, "0" * 40


def push(**changes: Any) -> dict[str, Any]:
    payload = {
        "ref": "refs/heads/bugfix",
        "before": OLD,
        "after": NEW,
        "created": False,
        "deleted": False,
        "forced": False,
        "repository": {"full_name": "acme/app"},
        "pusher": {"name": "ada"},
    }
    return payload | changes


def read(payload: object, event: str = "push") -> Any:
    return decode("github", {"x-github-event": (event,)}, json.dumps(payload).encode())


def test_a_push_is_one_change() -> None:
    assert read(push()) == (Change("acme/app", "refs/heads/bugfix", OLD, NEW, pusher="ada"),)


def test_a_push_that_makes_a_branch_has_nothing_before() -> None:
    (change,) = read(push(before=NONE, created=True))
    assert (change.before, change.created, change.deleted) == ("", True, False)


def test_a_push_that_deletes_a_branch_has_nothing_after() -> None:
    (change,) = read(push(after=NONE, deleted=True))
    assert (change.after, change.created, change.deleted) == ("", False, True)


def test_a_forced_push_is_marked() -> None:
    (change,) = read(push(forced=True))
    assert change.forced


def test_object_ids_of_sha256_repositories_are_read() -> None:
    (change,) = read(push(before="0" * 64, after="a" * 64))
    assert (change.before, change.after) == ("", "a" * 64)


@pytest.mark.parametrize(("event", "deleted"), [("create", False), ("delete", True)])
def test_create_and_delete_name_the_branch_in_full(event: str, deleted: bool) -> None:
    payload = {"ref": "a/b", "ref_type": "branch", "repository": {"full_name": "acme/app"}, "sender": {"login": "ada"}}
    (change,) = read(payload, event)
    assert (change.ref, change.deleted, change.created) == ("refs/heads/a/b", deleted, not deleted)


def test_a_deleted_tag_stays_a_tag() -> None:
    (change,) = read({"ref": "v1", "ref_type": "tag", "repository": {"full_name": "acme/app"}}, "delete")
    assert change.ref == "refs/tags/v1"


@pytest.mark.parametrize("event", ["ping", "issues", ""])
def test_other_events_are_ignored_without_reading_the_body(event: str) -> None:
    assert isinstance(decode("github", {"x-github-event": (event,)}, b"\xff"), Ignored)


def test_a_form_is_read_as_the_json_inside_it() -> None:
    headers = {"x-github-event": ("push",), "content-type": ("application/x-www-form-urlencoded",)}
    (change,) = decode("github", headers, b"payload=" + quote_plus(json.dumps(push())).encode())
    assert change.ref == "refs/heads/bugfix"


def test_a_form_may_hold_more_than_ascii() -> None:
    headers = {"x-github-event": ("push",), "content-type": ("application/x-www-form-urlencoded",)}
    text = json.dumps(push(ref="refs/heads/grün"), ensure_ascii=False)
    for body in (quote_plus(text).encode(), text.encode()):
        (change,) = decode("github", headers, b"payload=" + body)
        assert change.ref == "refs/heads/grün"


@pytest.mark.parametrize("body", [b"", b"payload=", b"payload=1&payload=2", b"&".join([b"a=b"] * 9), b"\xff=%ff"])
def test_a_form_without_its_one_payload_is_malformed(body: bytes) -> None:
    headers = {"x-github-event": ("push",), "content-type": ("application/x-www-form-urlencoded",)}
    with pytest.raises(Malformed):
        decode("github", headers, body)


@pytest.mark.parametrize(
    "changes",
    [
        {"ref": None},
        {"ref": ["refs/heads/x"]},
        {"repository": None},
        {"repository": []},
        {"repository": {"full_name": 7}},
        {"before": "1" * 39},
        {"after": "g" * 40},
        {"after": NEW + "\n"},
        {"after": 0},
        {"forced": "yes"},
        {"pusher": {"name": 1}},
        {"pusher": "ada"},
    ],
)
def test_a_payload_of_another_shape_is_malformed(changes: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        read(push(**changes))


@pytest.mark.parametrize("payload", [None, 1, "x", [], [[]], {}, True])
def test_a_payload_that_is_no_push_at_all_is_malformed(payload: object) -> None:
    with pytest.raises(Malformed):
        read(payload)


def files(*names: str) -> dict[str, list[str]]:
    return {"added": list(names), "removed": [], "modified": []}


@pytest.mark.parametrize(
    ("changes", "listing"),
    [
        ({"commits": [files("a")]}, "complete"),
        ({"commits": [files("a")] * 2047}, "complete"),
        ({"commits": [files("a")] * 2048}, "partial"),
        ({"commits": [files(*(f"{number}" for number in range(2999)))]}, "complete"),
        ({"commits": [files(*(f"{number}" for number in range(3000)))]}, "partial"),
        ({"commits": [files("a")], "forced": True}, "partial"),
        ({"commits": [files("a")], "before": NONE}, "partial"),
        ({"commits": []}, "absent"),
        ({"commits": [files()]}, "absent"),
        ({"commits": None}, "absent"),
        ({}, "absent"),
    ],
)
def test_paths_are_complete_only_when_every_commit_is_told(changes: dict[str, Any], listing: str) -> None:
    (change,) = read(push(**changes))
    assert change.paths.listing == listing
    assert bool(change.paths.names) == (listing != "absent")


@pytest.mark.parametrize("commits", [{}, [1], [{"added": "a"}], [{"added": [1]}], [{"removed": {}}]])
def test_commits_of_another_shape_are_malformed(commits: Any) -> None:
    with pytest.raises(Malformed):
        read(push(commits=commits))


@pytest.mark.parametrize("pusher", [None, {}, {"name": None}])
def test_a_push_without_a_known_pusher_is_still_a_push(pusher: object) -> None:
    (change,) = read(push(pusher=pusher))
    assert change.pusher == ""
