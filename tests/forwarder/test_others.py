"""The hook of an organisation: its repositories that the settings do not name are told of once, and counted."""

import hashlib
import hmac
import json
from dataclasses import replace
from typing import Any

from orchestrator.domain.webhook import Hook

SECRET = b"0123456789abcdef0123456789abcdef"
ACME = Hook("acme", "github", (SECRET,), {"acme/app": "app"}, organisation="acme")
GENERIC = Hook("mine", "generic", (SECRET,), {"acme/app": "app"}, organisation="acme")
BOTH = {"acme/app": "app", "acme/notes": "notes"}
FIXED = replace(ACME, name="fixed", organisation="")


async def deliver(house: Any, delivery: Any, key: str, repository: str = "acme/notes", hook: str = "acme") -> Any:
    """Send a push and wait for its end; returns the newest deliveries."""
    body = delivery.push(repository=repository)
    assert await house.send(body, delivery.signed(body, key), hook) == 202
    marker = delivery.push(f"refs/heads/after-{key}")
    assert await house.send(marker, delivery.signed(marker, f"after-{key}"), "acme") == 202
    await house.daemon.until(lambda: f"refs/heads/after-{key}" in house.daemon.refs)
    return [each for each in (await house.ask("deliveries"))["deliveries"] if each["state"] != "forwarded"]


def told(found: Any) -> list[tuple[str, str, int]]:
    return [(each["state"], each["reason"], each["times"]) for each in found]


async def test_of_each_other_repository_the_first_delivery_stays_and_the_others_are_counted(
    open_house: Any, delivery: Any
) -> None:
    notes = ("ignored", "acme/notes is not in the settings")
    async with open_house(hooks=(ACME,)) as house:
        first = await deliver(house, delivery, "1")
        assert told(first) == [(*notes, 1)]
        for number in range(2, 5):
            found = await deliver(house, delivery, str(number))
        assert told(found) == [(*notes, 4)]
        assert found[0]["sender_id"] == first[0]["sender_id"] == "1"
        found = await deliver(house, delivery, "5", "Acme/Wiki")
        assert told(found) == [("ignored", "Acme/Wiki is not in the settings", 1), (*notes, 4)]
        assert (await house.ask("deliveries?failed=1"))["deliveries"] == []
        assert [entry for entry in house.log if entry["log_level"] == "warning"] == []
    async with open_house(hooks=(ACME,), daemon=house.daemon) as house:
        assert told(await deliver(house, delivery, "6"))[-1] == (*notes, 5)
    assert {hint.repository for hint in house.daemon.hints} == {"app"}


async def test_a_hook_of_fixed_repositories_and_somebody_elses_repository_stay_refused(
    open_house: Any, delivery: Any
) -> None:
    async with open_house(hooks=(ACME, FIXED)) as house:
        await deliver(house, delivery, "1", hook="fixed")
        await deliver(house, delivery, "2", "evil/app")
        found = await deliver(house, delivery, "3", "evil/app")
        assert [each["state"] for each in found] == ["refused"] * 3
        await house.logged("delivery not forwarded", 3)


async def test_a_repository_that_came_into_the_settings_is_served_and_its_first_delivery_replayed(
    open_house: Any, delivery: Any
) -> None:
    hooks = [ACME]
    async with open_house(hooks=(ACME,), read_hooks=lambda: tuple(hooks)) as house:
        (ignored,) = await deliver(house, delivery, "1")
        hooks[0] = replace(ACME, repositories={"acme/app": "app", "acme/notes": "notes"})
        assert await house.ask("reload", "POST") == {"added": [], "changed": ["acme"], "removed": []}
        await house.ask(f"deliveries/{ignored['delivery']}/replay", "POST")
        assert (await house.settled(ignored["delivery"]))["state"] == "forwarded"
        assert house.daemon.hints[-1].repository == "notes"


async def test_a_replay_of_what_is_still_ignored_counts_nothing_and_loses_nothing(
    open_house: Any, delivery: Any
) -> None:
    async with open_house(hooks=(ACME,)) as house:
        await deliver(house, delivery, "1")
        (ignored,) = await deliver(house, delivery, "2")
        await house.ask(f"deliveries/{ignored['delivery']}/replay", "POST")
        view = await house.settled(ignored["delivery"])
        assert (view["state"], view["times"]) == ("ignored", 2)


async def test_a_first_delivery_that_is_read_as_another_repositorys_harms_nobody(
    open_house: Any, delivery: Any
) -> None:
    async with open_house(
        hooks=(GENERIC, ACME), read_hooks=lambda: (replace(GENERIC, repositories=BOTH), ACME)
    ) as house:
        moved = {"ref": "refs/tags/v1", "before": "0" * 40, "after": "1" * 40}
        body = json.dumps([moved | {"repository": name} for name in ("acme/notes", "acme/wiki")]).encode()
        signature = "sha256=" + hmac.new(SECRET, body, hashlib.sha256).hexdigest()
        assert await house.send(body, {"X-Signature": signature}, "mine") == 202
        assert "acme/notes" in (await house.settled(1))["reason"]
        await house.ask("reload", "POST")
        await house.ask("deliveries/1/replay", "POST")
        assert "acme/wiki" in (await house.settled(1))["reason"]
        assert told(await deliver(house, delivery, "2"))[-1][0] == "ignored"


async def test_a_name_that_no_text_can_hold_is_counted_as_any_other(open_house: Any, delivery: Any) -> None:
    async with open_house(hooks=(ACME,)) as house:
        for number in range(2):
            found = await deliver(house, delivery, str(number), "acme/\ud800" + "x" * 5000)
        assert [each["times"] for each in found] == [2]
        assert len(found[0]["reason"]) < 200
