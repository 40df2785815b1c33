"""No body and no header makes reading a delivery fail but with the domain's own errors; `make soak` tries more."""

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.domain.webhook import github
from orchestrator.domain.webhook.hosts import HOSTS

BENCH = Path(__file__).parents[1] / "bench"
KEYS = (
    *("repository", "full_name", "ref", "ref_type", "before", "after", "forced", "commits", "added", "pusher", "name"),
    *(
        "project",
        "path_with_namespace",
        "object_kind",
        "event_name",
        "changes",
        "object_attributes",
        "push",
        "old",
        "new",
    ),
    *("type", "target", "hash", "eventType", "resource", "refUpdates", "pullRequest", "pull_request", "head", "action"),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=9) | st.sampled_from([*KEYS, "0" * 40]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=6),
    max_leaves=20,
)
EVENTS = {
    "x-github-event": ["push", "delete", "pull_request"],
    "x-gitea-event": ["push", "delete", "pull_request"],
    "x-forgejo-event": ["push", "delete", "pull_request"],
    "x-gogs-event": ["push", "delete", "pull_request"],
    "x-gitlab-event": ["Push Hook", "Merge Request Hook", "System Hook"],
    "x-event-key": ["repo:push", "pullrequest:created", "repo:refs_changed", "pr:opened"],
}


@pytest.fixture
def fuzz(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(BENCH))
    return importlib.import_module("fuzz_webhooks")


def test_thousands_of_bent_deliveries_break_no_rule(fuzz: Any) -> None:
    assert fuzz.run(6000, 0.0, seed=20) == (6000, "")


@pytest.mark.parametrize("provider", sorted(HOSTS))
def test_any_json_and_any_bytes_are_read_or_refused(monkeypatch: pytest.MonkeyPatch, provider: str) -> None:
    monkeypatch.syspath_prepend(str(BENCH))
    module: Any = importlib.import_module("fuzz_webhooks")

    @given(
        body=JSON.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=200),
        events=st.fixed_dictionaries(
            {name: st.sampled_from(found).map(lambda e: (e,)) for name, found in EVENTS.items()}
        ),
    )
    def read(body: bytes, events: dict[str, tuple[str, ...]]) -> None:
        assert module.broken(module.Delivery(provider, events, body)) == ""

    read()


def test_a_broken_rule_is_told(fuzz: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    delivery = fuzz.Delivery("github", {"x-github-event": ("push",)}, b"{}")
    assert fuzz.broken(delivery) == ""
    monkeypatch.setattr(github, "decode", lambda headers, body: {}["missing"])
    assert fuzz.broken(delivery) == "KeyError: 'missing'"
    monkeypatch.setattr(github, "verify", lambda *_: None)
    assert fuzz.broken(delivery) == "a delivery without the secret was accepted"


def test_a_fuzz_tells_its_seed_and_how_much_it_read() -> None:
    environ = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    command = (sys.executable, BENCH / "fuzz_webhooks.py", "--seconds", "0", "--cases", "50", "--seed", "7")
    told = subprocess.run(command, capture_output=True, text=True, check=True, env=environ)
    assert told.stdout == "fuzz_webhooks: seed 7\nfuzz_webhooks: 50 deliveries read; every rule held\n"
