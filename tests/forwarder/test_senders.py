"""Git hosts as they really send, but for the minutes between two tries; `make soak` waits for those too."""

import contextlib
import importlib
import time
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientError, ClientSession, ClientTimeout

from orchestrator.domain.webhook import Hook
from orchestrator.domain.webhook.hosts import HOSTS
from orchestrator.domain.webhook.sample import proof, sample

BENCH = Path(__file__).parents[1] / "bench"
SECRET = b"0123456789abcdef0123456789abcdef"
PROVIDERS = sorted(HOSTS)


@pytest.fixture
def git_hosts(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(BENCH))
    return importlib.import_module("git_hosts")


async def at_once(_seconds: float) -> None:
    """Wait for nothing."""


async def _post(url: str, body: bytes, headers: dict[str, str]) -> int:
    with contextlib.suppress(ClientError, OSError, TimeoutError):
        async with (
            ClientSession(timeout=ClientTimeout(total=10)) as client,
            client.post(url, data=body, headers=headers) as answer,
        ):
            return answer.status
    return 0


def hook(provider: str) -> Hook:
    return Hook(provider, provider, (SECRET,), {"acme/app": "app"})


def made(provider: str, identity: str) -> tuple[bytes, dict[str, str]]:
    found = sample(hook(provider), "acme/app", delivery=identity, now=time.time())
    return found.body, dict(found.headers)


def test_every_host_has_its_policy(git_hosts: Any) -> None:
    assert set(git_hosts.POLICIES) == set(HOSTS)


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_receiver_that_was_away_hears_a_host_that_tries_again_once(
    open_house: Any, git_hosts: Any, provider: str
) -> None:
    policy = git_hosts.POLICIES[provider]
    sender, body, headers = git_hosts.Host(policy, at_once, lambda: 0.0), *made(provider, "id-1")
    async with open_house(hooks=(hook(provider),)) as house:
        tried = []

        async def post() -> int:
            tried.append(502 if not tried else await _post(f"{house.url}/hooks/{provider}", body, headers))
            return tried[-1]

        again = bool(policy.waits)
        assert await sender.deliver(post) == ((202, 2) if again else (502, 1))
        assert len((await house.ask("deliveries"))["deliveries"]) == again


async def test_a_host_that_gave_a_hook_up_sends_again_later(git_hosts: Any) -> None:
    now, answers = [0.0], iter([500, 500, 202])
    host = git_hosts.Host(git_hosts.Policy(off_after=1, off_first=10, off_most=15), at_once, lambda: now[0])

    async def post() -> int:
        return next(answers)

    found = []
    for now[0] in (0.0, 9.0, 10.0, 24.0, 25.0):
        found.append((await host.deliver(post))[0])
    assert found == [500, git_hosts.SKIPPED, 500, git_hosts.SKIPPED, 202]


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_delivery_whose_answer_was_lost_is_kept_once(open_house: Any, provider: str) -> None:
    async with open_house(hooks=(hook(provider),)) as house:
        body, headers = made(provider, "id-1")
        statuses = [await _post(f"{house.url}/hooks/{provider}", body, headers) for _ in range(3)]
        assert statuses == [202, 200, 200]
        assert len((await house.ask("deliveries"))["deliveries"]) == 1


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_no_host_gives_a_hook_up_over_what_we_do_not_understand_or_need(
    open_house: Any, git_hosts: Any, provider: str
) -> None:
    sender = git_hosts.Host(git_hosts.POLICIES[provider], at_once, lambda: 0.0)
    async with open_house(hooks=(hook(provider),)) as house:
        url = f"{house.url}/hooks/{provider}"
        for number, body in enumerate([b"{}", b"[]", b"not json", b"\xff", b'{"a":' * 9000, b"null", b"0" * 5000]):
            signed = proof(hook(provider), body, delivery=f"n{number}", now=time.time())
            headers = made(provider, f"n{number}")[1] | signed
            status, _ = await sender.deliver(lambda body=body, headers=headers: _post(url, body, headers))
            assert status in (200, 202)
        good = made(provider, "good")
        assert await sender.deliver(lambda: _post(url, *good)) == (202, 1)
        assert sender.failures == 0
        await house.daemon.until(lambda: bool(house.daemon.hints))
