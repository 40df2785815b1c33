"""Git hosts as they really send: how often each tries again, on which answers, and when it gives a hook up.

The policies are those of the hosts' own documents; their minutes are left out, since only the order matters here.
"""

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import ClientError, ClientSession, ClientTimeout

from orchestrator.domain.webhook import Hook
from orchestrator.domain.webhook.hosts import HOSTS
from orchestrator.domain.webhook.sample import proof, sample

SECRET = b"0123456789abcdef0123456789abcdef"
NOBODY = "http://127.0.0.1:9"
SERVER_FAULTS = frozenset(range(500, 600))


@dataclass
class Host:
    """Sends to whatever `where()` names at that moment; 0 stands for no answer.

    `tries` is how often it sends one delivery at the most, again only after one of `again_on`. After `gives_up`
    failures in a row it sends nothing any more.
    """

    provider: str
    tries: int = 1
    again_on: frozenset[int] = frozenset()
    gives_up: int = 10**9
    failures: int = 0
    sent: list[int] = field(default_factory=list)

    async def deliver(self, where: Callable[[], str], body: bytes, headers: dict[str, str]) -> int:
        status = 0
        for _ in range(self.tries):
            if self.failures >= self.gives_up:
                return -1
            status = await _post(f"{where()}/hooks/{self.provider}", body, headers)
            self.sent.append(status)
            self.failures = 0 if 200 <= status < 300 else self.failures + 1
            if status not in self.again_on:
                break
        return status


async def _post(url: str, body: bytes, headers: dict[str, str]) -> int:
    with contextlib.suppress(ClientError, OSError, TimeoutError):
        async with (
            ClientSession(timeout=ClientTimeout(total=10)) as client,
            client.post(url, data=body, headers=headers) as answer,
        ):
            return answer.status
    return 0


POLICIES: dict[str, dict[str, Any]] = {
    "github": {},
    "gitlab": {"gives_up": 4},
    "gitea": {},
    "forgejo": {},
    "gogs": {},
    "bitbucket-cloud": {"tries": 3, "again_on": SERVER_FAULTS | {0}},
    "bitbucket-server": {"gives_up": 5},
    "azure-devops": {"tries": 9, "again_on": frozenset({0, 408, 502, 503, 504})},
    "generic": {"tries": 3, "again_on": SERVER_FAULTS | {0, 429}},
    "post-receive": {"tries": 3, "again_on": frozenset({0, *range(300, 600)})},
}
PROVIDERS = sorted(POLICIES)


def host(provider: str) -> Host:
    return Host(provider, **POLICIES[provider])


def hook(provider: str) -> Hook:
    return Hook(provider, provider, (SECRET,), {"acme/app": "app"})


def made(provider: str, identity: str) -> tuple[bytes, dict[str, str]]:
    found = sample(hook(provider), "acme/app", delivery=identity, now=time.time())
    return found.body, dict(found.headers)


def test_every_host_has_its_policy() -> None:
    assert set(POLICIES) == set(HOSTS)


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_receiver_that_was_down_hears_a_host_that_tries_again_once(open_house: Any, provider: str) -> None:
    sender = host(provider)
    async with open_house(hooks=(hook(provider),)) as house:
        places = iter([NOBODY])
        status = await sender.deliver(lambda: next(places, house.url), *made(provider, "id-1"))
        assert status == (202 if sender.tries > 1 else 0)
        listed = (await house.ask("deliveries"))["deliveries"]
        assert len(listed) == (1 if sender.tries > 1 else 0)


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_delivery_whose_answer_was_lost_is_kept_once(open_house: Any, provider: str) -> None:
    async with open_house(hooks=(hook(provider),)) as house:
        body, headers = made(provider, "id-1")
        statuses = [await _post(f"{house.url}/hooks/{provider}", body, headers) for _ in range(3)]
        assert statuses == [202, 200, 200]
        assert len((await house.ask("deliveries"))["deliveries"]) == 1


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_no_host_gives_a_hook_up_over_what_we_do_not_understand_or_need(open_house: Any, provider: str) -> None:
    sender = host(provider)
    async with open_house(hooks=(hook(provider),)) as house:
        for number, body in enumerate([b"{}", b"[]", b"not json", b"\xff", b'{"a":' * 9000, b"null", b"0" * 5000]):
            signed = proof(hook(provider), body, delivery=f"n{number}", now=time.time())
            headers = made(provider, f"n{number}")[1] | signed
            assert await sender.deliver(lambda: house.url, body, headers) in (200, 202)
        assert await sender.deliver(lambda: house.url, *made(provider, "good")) == 202
        assert sender.failures == 0
        await house.daemon.until(lambda: bool(house.daemon.hints))
