"""What every git host sends becomes one shape, or is ignored, or is a dead letter whose reason names the field."""

from dataclasses import asdict
from typing import Any

import pytest

from orchestrator.domain.payload import Malformed
from orchestrator.domain.webhook import Hook, Ignored, Pull, Resync
from orchestrator.domain.webhook.hosts import HOSTS, decode, hints, host

NAMES = ("acme/app", "acme/platform/app", "WEB/app", "Fabrikam Web/app", "~ADA/scratch", "app")
SECRET = b"a secret of 32 bytes, or of more"
EVERYWHERE = {"created", "deleted", "moved", "malformed"}
KINDS = {
    **dict.fromkeys(HOSTS, EVERYWHERE | {"forced", "tag", "open", "merged", "closed", "fork", "ignored"}),
    "generic": EVERYWHERE | {"forced", "tag", "several"},
    "post-receive": {"deleted", "moved", "malformed", "tag", "several", "resync"},
}
for provider in ("azure-devops", "bitbucket-server", "forgejo", "gitea", "gitlab", "gogs"):
    KINDS[provider] = KINDS[provider] - {"forced"}
for provider in ("azure-devops", "bitbucket-cloud", "bitbucket-server", "gitlab"):
    KINDS[provider] = KINDS[provider] | {"several"}
for provider in ("bitbucket-cloud", "bitbucket-server", "gitlab"):
    KINDS[provider] = KINDS[provider] | {"resync"}


def written(outcome: Any) -> Any:
    """Write an outcome as `expected.json` does."""
    if isinstance(outcome, Ignored):
        return {"ignored": outcome.reason}
    if isinstance(outcome, Resync):
        return {"resync": outcome.repository}
    return {"changes": [{"pull" if isinstance(each, Pull) else "change": listed(asdict(each))} for each in outcome]}


def listed(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: listed(item) for key, item in value.items()}
    return [listed(item) for item in value] if isinstance(value, tuple) else value


def test_a_delivery_becomes_what_is_written_beside_it(case: Any) -> None:
    expected = {key: value for key, value in case.expected.items() if key != "delivery"}
    if "malformed" not in expected:
        assert written(decode(case.provider, case.headers, case.body)) == expected
        return
    with pytest.raises(Malformed) as refused:
        decode(case.provider, case.headers, case.body)
    assert str(refused.value) == expected["malformed"]


def test_the_id_that_a_retry_repeats_is_found(case: Any) -> None:
    assert host(case.provider).delivery_id(case.headers, case.body) == case.expected["delivery"]


def test_what_headers_alone_rule_out_is_what_the_body_would_not_change(case: Any) -> None:
    reason = host(case.provider).uninteresting(case.headers)
    if reason:
        assert case.expected["ignored"] == reason


def test_the_kept_headers_are_enough_to_decode(case: Any) -> None:
    kept = {name: case.headers[name] for name in host(case.provider).HEADERS if name in case.headers}
    assert outcome(case, kept) == outcome(case, case.headers)


def outcome(case: Any, headers: dict[str, tuple[str, ...]]) -> Any:
    try:
        return decode(case.provider, headers, case.body)
    except Malformed as error:
        return str(error)


def test_every_change_of_a_branch_and_every_pull_request_becomes_a_hint(case: Any) -> None:
    hook = Hook(
        "all", case.provider, (SECRET,), {name: f"r{number}" for number, name in enumerate((*NAMES, "acme/web"))}
    )
    expected = case.expected.get("changes", [])
    if not expected:
        return
    found = hints(hook, decode(case.provider, case.headers, case.body), "7")
    refs = [next(iter(each.values()))["ref"] for each in expected]
    assert [told.ref for told in found] == [ref for ref in refs if ref.startswith("refs/heads/")]
    assert [bool(told.pull) for told in found] == ["pull" in each for each in expected][: len(found)]


def test_every_provider_is_shown_with_every_kind_of_event_that_it_has(cases: Any) -> None:
    assert cases.keys() == HOSTS.keys()
    for provider, found in cases.items():
        missing = KINDS[provider] - {kind for case in found for kind in kinds(case.expected)}
        assert not missing, provider


def kinds(expected: dict[str, Any]) -> set[str]:
    """Say what a case shows."""
    found = set(expected) & {"malformed", "resync", "ignored"}
    found |= {"fork"} if "another repository" in expected.get("ignored", "") else set()
    told = expected.get("changes", [])
    found |= {"several"} if len(told) > 1 else set()
    for each in told:
        found |= {each["pull"]["state"]} if "pull" in each else moves(each["change"])
    return found


def moves(change: dict[str, Any]) -> set[str]:
    found = {kind for kind in ("created", "deleted", "forced") if change[kind]}
    return found | ({"tag"} if change["ref"].startswith("refs/tags/") else {"moved"})
