"""What a git host gets for an answer, and what it may not do."""

import asyncio
import json
from typing import Any

import pytest

from orchestrator.domain.webhook import Hook
from orchestrator.forwarder.options import Limits

SOON = {"retry_first_seconds": 0.02, "retry_most_seconds": 0.05}


async def test_a_delivery_is_answered_202_and_reaches_the_daemon(open_house: Any, delivery: Any) -> None:
    async with open_house() as house:
        body = delivery.push()
        assert await house.send(body, delivery.signed(body, "1")) == 202
        await house.daemon.until(lambda: bool(house.daemon.hints))
        told = house.daemon.hints[0]
        assert (told.repository, told.ref, told.deleted, told.delivery) == ("app", "refs/heads/bugfix", False, "1")
    assert delivery.states(house.journal) == [("forwarded", "")]


@pytest.mark.parametrize(
    ("request_line", "extra", "status"),
    [
        ("POST /hooks/nobody", "", 404),
        ("POST /hooks/gh/more", "", 404),
        ("POST /", "", 404),
        ("GET /hooks/gh?payload={}", "", 405),
        ("DELETE /hooks/gh", "", 405),
        ("POST /hooks/gh", "Content-Encoding: gzip\r\n", 415),
        ("POST /hooks/gh", "Content-Encoding: identity\r\n", 415),
        ("POST /hooks/gh", "Content-Length: 10485760\r\n", 413),
        ("POST /hooks/gh", "Content-Length: 99999999999999999999\r\n", 400),
        ("POST /hooks/gh", "Content-Length: 9999999999999999\r\n", 413),
        ("POST /hooks/gh", "Content-Length: -1\r\n", 400),
        ("POST /hooks/gh", "Content-Length: 2\r\nContent-Length: 3\r\n", 400),
        ("POST /hooks/gh", "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n", 400),
        ("POST /hooks/gh", "".join(f"X-{n}: {'x' * 8000}\r\n" for n in range(5)), 431),
        ("POST /hooks/gh", "Content-Length: 10485760\r\nExpect: 100-continue\r\n", 413),
        ("POST /hooks/gh", "Content-Length: 2\r\nExpect: tea\r\n", 417),
    ],
)
async def test_a_request_is_refused_by_its_head_without_reading_a_body(
    open_house: Any, request_line: str, extra: str, status: int
) -> None:
    async with open_house() as house:
        answer = await house.raw(f"{request_line} HTTP/1.1\r\nHost: x\r\n{extra}\r\n".encode())
        assert answer.split(b" ", 2)[1] == str(status).encode()


async def test_a_body_is_only_asked_for_when_it_would_be_read(open_house: Any) -> None:
    async with open_house() as house:
        framing = b"Connection: close\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"
        answer = await house.raw(b"POST /hooks/gh HTTP/1.1\r\nHost: x\r\n" + framing)
        assert answer.startswith(b"HTTP/1.1 100 Continue\r\n\r\n")


async def test_a_chunked_body_is_cut_off_at_the_limit(open_house: Any) -> None:
    async with open_house(limits=Limits(body_bytes=1000)) as house:
        chunk = b"3e8\r\n" + b"x" * 1000 + b"\r\n"
        head = b"POST /hooks/gh HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        answer = await house.raw(head + chunk + chunk)
        assert answer.startswith(b"HTTP/1.1 413 ")


async def test_a_chunked_body_within_the_limit_is_taken(open_house: Any, delivery: Any) -> None:
    async def chunks() -> Any:
        for start in range(0, len(body), 7):
            yield body[start : start + 7]

    async with open_house() as house:
        body = delivery.push()
        url = f"{house.url}/hooks/gh"
        async with house.client.post(url, data=chunks(), headers=delivery.signed(body, "1")) as answer:
            assert answer.status == 202


@pytest.mark.parametrize("framing", [b"Content-Length: 100\r\n\r\nx", b"Transfer-Encoding: chunked\r\n\r\n5\r\nab"])
async def test_a_body_that_does_not_come_is_given_up_and_others_are_served(
    open_house: Any, delivery: Any, framing: bytes
) -> None:
    async with open_house(limits=Limits(body_seconds=0.2, **SOON)) as house:
        slow = [asyncio.create_task(house.raw(b"POST /hooks/gh HTTP/1.1\r\nHost: x\r\n" + framing)) for _ in range(50)]
        body = delivery.push()
        assert await house.send(body, delivery.signed(body, "1")) == 202
        answers = await asyncio.gather(*slow)
        assert {answer[:13] for answer in answers} == {b"HTTP/1.1 408 "}


async def test_a_head_that_does_not_end_is_given_up(open_house: Any) -> None:
    async with open_house(limits=Limits(header_seconds=0.2)) as house:
        assert await house.raw(b"POST /hooks/gh HTTP/1.1\r\nHost: x\r\nX-Half") == b""


async def test_a_broken_chunk_is_answered_400(open_house: Any) -> None:
    async with open_house() as house:
        head = b"POST /hooks/gh HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        assert (await house.raw(head + b"zz\r\nab\r\n")).split(b" ", 2)[1] == b"400"


async def test_nothing_unsigned_is_journalled(open_house: Any, delivery: Any) -> None:
    async with open_house() as house:
        body = delivery.push()
        good = delivery.signed(body, "1")
        assert await house.send(body, {"X-GitHub-Event": "push"}) == 401
        assert await house.send(body, good | {"X-Hub-Signature-256": ""}) == 401
        assert await house.send(body, {"X-GitHub-Event": "push", "X-Hub-Signature": "sha1=" + "0" * 40}) == 401
        assert await house.send(body + b" ", good) == 401
        assert await house.send(body, good, hook="other") == 401
        assert await house.send(body, good | {"X-Hub-Signature-256": "sha256=" + "é" * 64}) == 401
    assert delivery.states(house.journal) == []


async def test_whether_an_id_is_known_is_not_told_to_strangers(open_house: Any, delivery: Any) -> None:
    async with open_house() as house:
        body = delivery.push()
        assert await house.send(body, delivery.signed(body, "1")) == 202
        assert await house.send(body, delivery.signed(body, "1", secret=b"y" * 32)) == 401


async def test_the_second_secret_is_valid_during_rotation(open_house: Any, delivery: Any) -> None:
    old, new = b"o" * 32, b"n" * 32
    async with open_house(hooks=(Hook("gh", "github", (old, new), {"acme/app": "app"}),)) as house:
        for key, secret in (("1", old), ("2", new)):
            body = delivery.push()
            assert await house.send(body, delivery.signed(body, key, secret)) == 202


@pytest.mark.parametrize("event", ["ping", "issues", "workflow_run"])
async def test_an_event_that_nobody_needs_is_answered_200_and_not_kept(
    open_house: Any, delivery: Any, event: str
) -> None:
    async with open_house() as house:
        assert await house.send(b"{}", delivery.signed(b"{}", "1", event=event)) == 200
    assert delivery.states(house.journal) == []


async def test_a_repeated_delivery_is_answered_200_and_makes_the_daemon_look_again(
    open_house: Any, delivery: Any
) -> None:
    async with open_house() as house:
        body = delivery.push()
        assert await house.send(body, delivery.signed(body, "1")) == 202
        await house.daemon.until(lambda: len(house.daemon.hints) == 1)
        await house.logged("forwarded")
        assert await house.send(body, delivery.signed(body, "1")) == 200
        await house.daemon.until(lambda: len(house.daemon.hints) == 2)
        assert house.daemon.hints[0] == house.daemon.hints[1]
    assert delivery.states(house.journal) == [("forwarded", "")]


async def test_a_known_id_with_another_body_is_kept_as_a_conflict(open_house: Any, delivery: Any) -> None:
    async with open_house() as house:
        for ref, status in (("refs/heads/a", 202), ("refs/heads/b", 202), ("refs/heads/b", 200)):
            body = delivery.push(ref)
            assert await house.send(body, delivery.signed(body, "1")) == status
        await house.daemon.until(lambda: {"refs/heads/a", "refs/heads/b"} <= set(house.daemon.refs))
        assert [entry["delivery"] for entry in house.log if entry.get("conflict")] == [2]


async def test_a_delivery_without_an_id_is_told_from_others_by_its_body(open_house: Any, delivery: Any) -> None:
    async with open_house() as house:
        one, two = delivery.push("refs/heads/a"), delivery.push("refs/heads/b")
        assert await house.send(one, delivery.signed(one)) == 202
        assert await house.send(two, delivery.signed(two)) == 202
    assert len(delivery.states(house.journal)) == 2


async def test_a_delivery_about_somebody_elses_repository_is_recorded_and_never_forwarded(
    open_house: Any, delivery: Any
) -> None:
    async with open_house() as house:
        forged, good = delivery.push(repository="acme/other"), delivery.push()
        assert await house.send(forged, delivery.signed(forged, "1")) == 202
        assert await house.send(good, delivery.signed(good, "2")) == 202
        await house.daemon.until(lambda: bool(house.daemon.hints))
    assert [hint.repository for hint in house.daemon.hints] == ["app"]
    (state, reason), _ = delivery.states(house.journal)
    assert state == "refused"
    assert "'acme/other' is not a repository of hook gh" in reason


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[" * 200_000,
        b'{"ref":' * 50_000,
        b"9" * 100_000,
        b'{"ref": NaN}',
        b'{"ref": "\\ud800"}',
        b"\xff\xfe{\x00}\x00",
        b'{"ref": "refs/heads/a", "after": 99999999999999999999999999}',
        b'{"repository": {"full_name": "\\u0000\\u202e\\u001b[31m"}}',
        json.dumps({"ref": "refs/heads/" + "a" * 5000, "before": "1" * 40, "after": "2" * 40}).encode(),
    ],
)
async def test_a_hostile_body_becomes_a_dead_letter_and_the_next_delivery_passes(
    open_house: Any, delivery: Any, body: bytes
) -> None:
    async with open_house() as house:
        good = delivery.push()
        assert await house.send(body, delivery.signed(body, "1")) == 202
        assert await house.send(good, delivery.signed(good, "2")) == 202
        await house.daemon.until(lambda: bool(house.daemon.hints))
    (state, reason), last = delivery.states(house.journal)
    assert (state, last[0]) == ("dead", "forwarded")
    assert reason
    assert reason.isprintable()


@pytest.mark.parametrize("limits", [Limits(held_bytes=10), Limits(requests=0)])
async def test_too_much_at_once_is_refused_with_the_one_code_that_hosts_retry(
    open_house: Any, delivery: Any, limits: Limits
) -> None:
    async with open_house(limits=limits) as house:
        body = delivery.push()
        url = f"{house.url}/hooks/gh"
        async with house.client.post(url, data=body, headers=delivery.signed(body, "1")) as answer:
            assert answer.status == 503
            assert int(answer.headers["Retry-After"]) > 0
        assert await house.get("/healthz") == 200


async def test_room_is_given_back_after_every_kind_of_request(open_house: Any, delivery: Any) -> None:
    async with open_house(limits=Limits(requests=1, held_bytes=2000, body_bytes=1500, **SOON)) as house:
        for number in range(5):
            assert await house.send(b"x" * 1400, {}) == 401
            assert await house.send(b"x" * 1600, {}) == 413
            body = delivery.push()
            assert await house.send(body, delivery.signed(body, str(number))) == 202


async def test_refusals_are_logged_once_and_not_for_every_request(open_house: Any, delivery: Any) -> None:
    async with open_house() as house:
        for _ in range(20):
            assert await house.send(b"{}", {}) == 401
        refused = [entry for entry in house.log if entry["event"] == "a request was refused"]
        assert [(entry["hook"], entry["status"]) for entry in refused] == [("gh", 401)]


async def test_it_is_healthy_and_ready_while_it_runs(open_house: Any) -> None:
    async with open_house() as house:
        assert (await house.get("/healthz"), await house.get("/readyz")) == (200, 200)


@pytest.mark.parametrize(("username", "shows"), [("", "X-Hub-Signature"), ("ada", "Authorization")])
async def test_the_ping_that_bitbucket_does_not_sign_is_answered_and_counts_for_nothing(
    open_house: Any, delivery: Any, username: str, shows: str
) -> None:
    both = (b"another-0123456789abcdef0123456789", delivery.SECRET)
    hook = Hook("bb", "bitbucket-server", both, {"WEB/app": "app"}, username=username)
    async with open_house(hooks=(hook, *delivery.HOOKS)) as house:
        for key, status in (("diagnostics:ping", 200), ("repo:refs_changed", 401), ("", 401)):
            assert await house.send(b'{"test": true}', {"X-Event-Key": key}, "bb") == status
        assert await house.send(b"{}", {"X-Event-Key": "diagnostics:ping", shows: "sha256=00"}, "bb") == 401
        assert await house.send(b"{}", {"X-Event-Key": "diagnostics:ping"}) == 401
        listed = next(view for view in await house.ask("hooks") if view["name"] == "bb")
        assert (listed["accepted"], listed["refused"], listed["secrets_used_at"]) == (0, 3, [0.0, 0.0])
