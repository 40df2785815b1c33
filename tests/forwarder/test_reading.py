"""What becomes of a journalled delivery: every kind of row gets a verdict, and no row raises."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.domain.delivery import State
from orchestrator.domain.hint import RefHint
from orchestrator.domain.webhook import Hook
from orchestrator.forwarder.ledger import Unread, Verdict
from orchestrator.forwarder.reading import read

HOOKS = {
    "gh": Hook("gh", "github", (bytes(32),), {"acme/app": "app"}),
    "local": Hook("local", "post-receive", (bytes(32),), {"app": "app"}),
}
PUSH = {"ref": "refs/heads/a", "before": "0" * 40, "after": "2" * 40, "forced": False}
BODY = {**PUSH, "repository": {"full_name": "acme/app"}}


def row(body: Any = BODY, event: str = "push", hook: str = "gh", headers: str = "", intact: bool = True) -> Unread:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Unread(7, hook, headers or json.dumps({"x-github-event": [event]}), raw, intact)


def test_a_push_is_parsed_into_hints_that_name_the_delivery() -> None:
    hint = RefHint("app", "refs/heads/a", deleted=False, delivery="7")
    assert read(HOOKS, row()) == Verdict(7, State.PARSED, hints=(hint,))


@pytest.mark.parametrize(
    ("given", "state", "reason"),
    [
        (row({**BODY, "ref": "refs/tags/v1"}), State.IGNORED, "where the hook says tags: true"),
        (row(event="ping"), State.IGNORED, "a ping"),
        (row(event="issues"), State.IGNORED, "not an event about branches"),
        (row({**BODY, "repository": {"full_name": "acme/x"}}), State.REFUSED, "is not a repository of hook gh"),
        (row(hook="gone"), State.DEAD, "its hook is no longer in the settings"),
        (row(intact=False), State.DEAD, "the body was damaged on disk"),
        (row(b""), State.DEAD, "the body is not JSON"),
        (row([]), State.DEAD, "before is missing"),
        (row({**BODY, "ref": "refs/heads/a..b"}), State.DEAD, "ref is neither empty nor a full branch name"),
        (row(headers="["), State.DEAD, "the parser failed with JSONDecodeError"),
        (row(headers="[]"), State.DEAD, "the parser failed with AttributeError"),
        (row({"repository": "app", "changes": [1]}, hook="local"), State.DEAD, "before is missing"),
    ],
)
def test_every_other_row_gets_a_reason_of_one_line(given: Unread, state: State, reason: str) -> None:
    verdict = read(HOOKS, given)
    assert (verdict.seq, verdict.state, verdict.hints) == (7, state, ())
    assert reason in verdict.reason
    assert verdict.reason.isprintable()


def test_a_push_hook_that_names_no_change_asks_for_the_whole_repository() -> None:
    verdict = read(HOOKS, row({"repository": "app", "changes": []}, hook="local"))
    assert verdict.hints == (RefHint("app", "", deleted=False, delivery="7"),)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.sampled_from(["refs/heads/a"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(sorted(BODY)), inner, max_size=5),
    max_leaves=12,
)


@given(
    body=st.binary(max_size=60) | JSON.map(lambda value: json.dumps(value).encode()),
    hook=st.sampled_from(sorted(HOOKS)),
)
def test_no_body_makes_reading_fail_other_than_with_a_verdict(body: bytes, hook: str) -> None:
    verdict = read(HOOKS, row(body, hook=hook))
    assert verdict.state in {State.DEAD, State.REFUSED, State.PARSED, State.IGNORED}
    assert not verdict.reason.startswith("the parser failed")
