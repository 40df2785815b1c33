"""The delivery that a hook is tried with is one that its git host could have sent."""

from dataclasses import replace

import pytest

from orchestrator.domain.hint import RefHint
from orchestrator.domain.webhook import Hook
from orchestrator.domain.webhook.hosts import HOSTS, decode, hints, host
from orchestrator.domain.webhook.sample import BRANCH, sample
from orchestrator.domain.webhook.signature import Refused

SECRET = b"0123456789abcdef0123456789abcdef"
SIGNING = b"whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
NOW = 1_750_000_000.0
HOOKS = (
    *(Hook("h", provider, (SECRET,), {"acme/app": "app"}) for provider in sorted(HOSTS)),
    Hook("h", "gitlab", (SIGNING,), {"acme/app": "app"}),
    Hook("h", "azure-devops", (SECRET,), {"acme/app": "app"}, header="X-Secret"),
    Hook("h", "azure-devops", (SECRET,), {"acme/app": "app"}, username="anabranch"),
    Hook("h", "bitbucket-server", (SECRET,), {"acme/app": "app"}, username="anabranch"),
)


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: f"{hook.provider} {hook.header}{hook.username}")
def test_a_sample_is_accepted_and_leads_to_one_look_and_only_with_its_secret(hook: Hook) -> None:
    made = sample(hook, "acme/app", delivery="id-1", now=NOW)
    headers = {name.lower(): (value,) for name, value in made.headers.items()}
    theirs = host(hook.provider)
    theirs.verify(hook, headers, made.body, NOW)
    assert theirs.uninteresting(headers) == ""
    assert "id-1" in theirs.delivery_id(headers, made.body)
    outcome = decode(hook.provider, headers, made.body)
    assert isinstance(outcome, tuple)
    assert hints(hook, outcome, "1") == (RefHint("app", f"refs/heads/{BRANCH}", deleted=False, delivery="1"),)
    with pytest.raises(Refused):
        theirs.verify(replace(hook, secrets=(b"another-" + SECRET,)), headers, made.body, NOW)
