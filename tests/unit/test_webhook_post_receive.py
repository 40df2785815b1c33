"""The body of our own post-receive hook."""

import json
from typing import Any

import pytest

from orchestrator.domain.payload import Malformed
from orchestrator.domain.webhook import Change, Resync
from orchestrator.domain.webhook.hosts import decode

OLD, NEW, NONE = "1" * 40, "2" * 40, "0" * 40


def read(payload: object) -> Any:
    return decode("post-receive", {}, json.dumps(payload).encode())


def test_every_ref_of_a_push_is_a_change() -> None:
    changes = [
        {"ref": "refs/heads/a", "before": OLD, "after": NEW},
        {"ref": "refs/heads/b", "before": OLD, "after": "0" * 64},
        {"ref": "refs/tags/v1", "before": NONE, "after": NEW},
    ]
    assert read({"repository": "app", "changes": changes}) == (
        Change("app", "refs/heads/a", OLD, NEW),
        Change("app", "refs/heads/b", OLD, deleted=True),
        Change("app", "refs/tags/v1", after=NEW, created=True),
    )


def test_no_changes_mean_look_at_everything() -> None:
    assert read({"repository": "app", "changes": []}) == Resync("app")


def test_bytes_that_are_no_utf8_arrive_as_surrogate_escapes() -> None:
    body = b'{"repository": "app", "changes": [{"ref": "refs/heads/\\udcff", "before": "%s", "after": "%s"}]}'
    (change,) = decode("post-receive", {}, body % (OLD.encode(), NEW.encode()))
    assert change.ref.encode("utf-8", "surrogateescape") == b"refs/heads/\xff"


@pytest.mark.parametrize(
    "payload",
    [{}, {"repository": "app"}, {"changes": []}, {"repository": 1, "changes": []}, {"repository": "app", "changes": {}}]
    + [
        {"repository": "app", "changes": [change]}
        for change in ({}, None, "x", {"ref": "r", "before": OLD, "after": 1})
    ],
)
def test_a_body_of_another_shape_is_malformed(payload: object) -> None:
    with pytest.raises(Malformed):
        read(payload)
