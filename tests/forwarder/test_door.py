"""What people ask the forwarder: which deliveries came, what became of each, to try one again, to read hooks anew."""

import asyncio
import signal
import stat
from dataclasses import replace
from typing import Any

from aiohttp import ClientSession, UnixConnector

from orchestrator.errors import Permanent
from orchestrator.forwarder.options import Limits


async def test_the_newest_delivery_is_first_and_can_be_asked_for_by_hook_or_by_failure(
    open_house: Any, delivery: Any
) -> None:
    async with open_house() as house:
        good, strange = delivery.push(), delivery.push(repository="acme/stranger")
        assert await house.send(good, delivery.signed(good, "1")) == 202
        assert await house.send(strange, delivery.signed(strange, "2")) == 202
        mine = delivery.changes("refs/heads/a")
        assert await house.send(mine, delivery.post_receive(mine, "3"), "local") == 202
        for number in (1, 2, 3):
            await house.settled(number)
        every = await house.ask("deliveries")
        assert [each["delivery"] for each in every["deliveries"]] == [3, 2, 1]
        assert (every["waiting"], every["trouble"]) == (0, "")
        assert [each["delivery"] for each in (await house.ask("deliveries?hook=local"))["deliveries"]] == [3]
        (failed,) = (await house.ask("deliveries?failed=1"))["deliveries"]
        assert (failed["delivery"], failed["state"]) == (2, "refused")
        assert "'acme/stranger' is not a repository of hook gh" in failed["reason"]
        assert [each["delivery"] for each in (await house.ask("deliveries?limit=1"))["deliveries"]] == [3]


async def test_one_delivery_is_shown_with_its_headers_and_what_it_became_but_no_secret(
    open_house: Any, delivery: Any
) -> None:
    async with open_house() as house:
        body = delivery.push(after="0" * 40)
        headers = delivery.signed(body, "id-7") | {"User-Agent": "Host/1", "Authorization": "Basic c2VjcmV0"}
        assert await house.send(body, headers) == 202
        shown = await house.settled(1)
        assert (shown["state"], shown["sender_id"], shown["bytes"]) == ("forwarded", "id-7", len(body))
        assert shown["hints"] == [{"repository": "app", "ref": "refs/heads/bugfix", "deleted": True, "pull": ""}]
        kept = {header["name"]: header["value"] for header in shown["headers"]}
        assert kept["x-github-event"] == "push"
        assert kept["user-agent"] == "Host/1"
        assert not {"authorization", "x-hub-signature-256"} & kept.keys()
        assert shown["received_at"] <= shown["forwarded_at"]


async def test_a_delivery_that_is_not_there_is_told_in_one_line(open_house: Any) -> None:
    async with open_house() as house:
        for path, method in (("deliveries/9", "GET"), ("deliveries/9/replay", "POST")):
            assert (await house.ask(path, method))["kind"] == "NotFound"


async def test_why_hints_wait_is_told(open_house: Any, delivery: Any) -> None:
    async with open_house(daemon_runs=False) as house:
        body = delivery.push()
        assert await house.send(body, delivery.signed(body, "1")) == 202
        await house.logged("hints wait")
        told = await house.ask("deliveries")
        assert told["waiting"] == 1
        assert "does not answer" in told["trouble"]


async def test_a_replayed_delivery_is_read_anew_with_the_hooks_of_now(open_house: Any, delivery: Any) -> None:
    gh, *others = delivery.HOOKS
    wider = replace(gh, repositories={**gh.repositories, "acme/new": "new"})
    async with open_house(read_hooks=lambda: (wider, *others)) as house:
        body = delivery.push(repository="acme/new")
        assert await house.send(body, delivery.signed(body, "1")) == 202
        assert (await house.settled(1))["state"] == "refused"
        assert await house.ask("reload", "POST") == {"added": [], "changed": ["gh"], "removed": []}
        assert (await house.ask("deliveries/1/replay", "POST"))["state"] in ("journalled", "parsed", "forwarded")
        assert (await house.settled(1))["state"] == "forwarded"
        assert [told.repository for told in house.daemon.hints] == ["new"]


async def test_a_delivery_whose_body_is_forgotten_is_told_again_as_it_was_read(open_house: Any, delivery: Any) -> None:
    async with open_house() as house:
        body = delivery.push()
        assert await house.send(body, delivery.signed(body, "1")) == 202
        await house.settled(1)
    forgetful = Limits(retry_first_seconds=0.02, retry_most_seconds=0.05, keep_body_days=-1)
    async with open_house(limits=forgetful, daemon=house.daemon) as house:
        while (await house.ask("deliveries/1"))["bytes"]:
            await asyncio.wait_for(house.get("/healthz"), 20)
        await house.ask("deliveries/1/replay", "POST")
        assert (await house.settled(1))["state"] == "forwarded"
        assert house.daemon.refs == ["refs/heads/bugfix"] * 2


async def test_what_gave_no_hints_and_has_no_body_cannot_be_replayed(open_house: Any, delivery: Any) -> None:
    forgetful = Limits(retry_first_seconds=0.02, retry_most_seconds=0.05, keep_body_days=-1)
    async with open_house() as house:
        body = delivery.push("refs/tags/v1")
        assert await house.send(body, delivery.signed(body, "1")) == 202
        assert (await house.settled(1))["state"] == "ignored"
    async with open_house(limits=forgetful) as house:
        while (await house.ask("deliveries/1"))["bytes"]:
            await asyncio.wait_for(house.get("/healthz"), 20)
        refused = await house.ask("deliveries/1/replay", "POST")
        assert refused["kind"] == "Conflict"
        assert "anabranch sync" in refused["error"]


async def test_a_watcher_hears_of_every_delivery(open_house: Any, delivery: Any) -> None:
    async with (
        open_house() as house,
        ClientSession(connector=UnixConnector(str(house.door))) as client,
        client.get("http://forwarder/v1/watch") as stream,
    ):
        body = delivery.push()
        assert await house.send(body, delivery.signed(body, "1")) == 202
        assert await asyncio.wait_for(stream.content.readline(), 20) == b"event: delivery\n"


async def test_a_new_secret_counts_after_a_reload_and_no_delivery_is_refused_meanwhile(
    open_house: Any, delivery: Any
) -> None:
    gh, *others = delivery.HOOKS
    new = b"new-0123456789abcdef0123456789ab"
    async with open_house(read_hooks=lambda: (replace(gh, secrets=(new, *gh.secrets)), *others)) as house:
        body = delivery.push()
        assert await house.send(body, delivery.signed(body, "1", new)) == 401
        await house.ask("reload", "POST")
        assert await house.send(body, delivery.signed(body, "2", new)) == 202
        assert await house.send(body, delivery.signed(body, "3")) == 202
        shown = next(hook for hook in await house.ask("hooks") if hook["name"] == "gh")
        assert (shown["accepted"], shown["refused"]) == (2, 1)
        assert shown["last_refusal"].startswith("401: ")
        newest, oldest = shown["secrets_used_at"]
        assert 0 < newest <= oldest


async def test_settings_that_cannot_be_read_leave_the_hooks_as_they_were(open_house: Any, delivery: Any) -> None:
    def broken() -> Any:
        raise Permanent("anabranch.yaml:3: unknown key")

    async with open_house(read_hooks=broken) as house:
        assert (await house.ask("reload", "POST"))["error"] == "anabranch.yaml:3: unknown key"
        body = delivery.push()
        assert await house.send(body, delivery.signed(body, "1")) == 202


async def test_nobody_but_this_user_and_group_may_ask(open_house: Any) -> None:
    async with open_house() as house:
        assert stat.S_IMODE(house.door.stat().st_mode) == 0o660
        async with ClientSession() as client, client.get(f"{house.url}/v1/deliveries") as answer:
            assert answer.status == 404
    assert not house.door.exists()


async def test_a_hangup_reads_the_hooks_again(run_forwarder: Any, settings_file: Any) -> None:
    file = settings_file()
    async with run_forwarder(file) as forwarder:
        forwarder.process.send_signal(signal.SIGHUP)
        await forwarder.read_log("the hooks were read again")
        file.write_text("forwarder: [")
        forwarder.process.send_signal(signal.SIGHUP)
        await forwarder.read_log("the hooks were not read again")
        assert await forwarder.end() == 0
