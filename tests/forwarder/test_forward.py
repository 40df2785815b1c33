"""What reaches the daemon: everything once it is there, coalesced, in order, and never what it does not want."""

import asyncio
from typing import Any

import pytest

from orchestrator.domain.hint import RefHint
from orchestrator.forwarder.options import DaemonTarget


async def all_wait(house: Any, newest: int) -> None:
    """Wait until every delivery up to the newest one is parsed, and a try that may know of fewer has failed."""
    while (await house.ask(f"deliveries/{newest}"))["state"] == "journalled":
        await house.logged("hints wait")
    await house.logged("hints wait", sum(entry["event"] == "hints wait" for entry in house.log) + 1)


async def test_what_came_while_the_daemon_was_away_reaches_it_coalesced(
    open_house: Any, delivery: Any, make_daemon: Any
) -> None:
    daemon = make_daemon()
    async with open_house(daemon=daemon, daemon_runs=False) as house:
        for number in range(60):
            body = delivery.push(f"refs/heads/b{number % 3}")
            assert await house.send(body, delivery.signed(body, str(number))) == 202
        await all_wait(house, 60)
        await daemon.start()
        await house.logged("forwarded")
        assert sorted(daemon.refs) == ["refs/heads/b0", "refs/heads/b1", "refs/heads/b2"]
        assert sorted(int(told.delivery) for told in daemon.hints) == [58, 59, 60]
    assert delivery.states(house.journal) == [("forwarded", "")] * 60


async def test_a_delete_is_overtaken_by_the_branch_that_came_back(
    open_house: Any, delivery: Any, make_daemon: Any
) -> None:
    daemon = make_daemon()
    async with open_house(daemon=daemon, daemon_runs=False) as house:
        for number, after in enumerate(("0" * 40, "3" * 40)):
            body = delivery.push(after=after)
            assert await house.send(body, delivery.signed(body, str(number))) == 202
        await all_wait(house, 2)
        await daemon.start()
        await house.logged("forwarded")
    assert [told.deleted for told in daemon.hints] == [False]


@pytest.mark.parametrize("status", [401, 404, 429, 500, 503, 302])
async def test_a_daemon_that_refuses_for_the_moment_is_asked_again(
    open_house: Any, delivery: Any, make_daemon: Any, status: int
) -> None:
    answers = iter([status, status])
    daemon = make_daemon(status=lambda hints: next(answers, 202))
    async with open_house(daemon=daemon) as house:
        body = delivery.push()
        assert await house.send(body, delivery.signed(body, "1")) == 202
        await house.logged("forwarded")
    assert (daemon.asked, daemon.refs) == (3, ["refs/heads/bugfix"])
    assert delivery.states(house.journal) == [("forwarded", "")]


@pytest.mark.parametrize("status", [400, 413, 422])
async def test_a_delivery_that_the_daemon_never_takes_does_not_hold_up_others(
    open_house: Any, delivery: Any, make_daemon: Any, status: int
) -> None:
    def judge(hints: list[RefHint]) -> int:
        return status if any(told.ref.endswith("poison") for told in hints) else 202

    daemon = make_daemon(status=judge)
    async with open_house(daemon=daemon, daemon_runs=False) as house:
        for number, name in enumerate(("a", "b", "poison", "c", "d")):
            body = delivery.push(f"refs/heads/{name}")
            assert await house.send(body, delivery.signed(body, str(number))) == 202
        await house.logged("hints wait")
        await daemon.start()
        await house.logged("delivery not forwarded")
        await daemon.until(lambda: len(set(daemon.refs)) == 4)
    found = delivery.states(house.journal)
    assert [state for state, _ in found] == ["forwarded", "forwarded", "dead", "forwarded", "forwarded"]
    assert found[2][1] == f"the daemon answered {status}"


async def test_hints_go_over_http_with_a_token(open_house: Any, delivery: Any, make_daemon: Any) -> None:
    daemon = make_daemon()
    await daemon.start()
    target = DaemonTarget(url=daemon.url, token="t" * 40)
    async with open_house(daemon=daemon, daemon_runs=False, target=target) as house:
        body = delivery.push()
        assert await house.send(body, delivery.signed(body, "1")) == 202
        await house.logged("forwarded")
    assert daemon.tokens == {f"Bearer {'t' * 40}"}
    assert daemon.refs == ["refs/heads/bugfix"]


async def test_a_daemon_that_hangs_does_not_keep_the_forwarder_from_stopping(
    open_house: Any, delivery: Any, make_daemon: Any
) -> None:
    asked = asyncio.Event()

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.set()
        await reader.read()
        writer.close()

    daemon = make_daemon()
    server = await asyncio.start_unix_server(hang, daemon.socket)
    async with open_house(daemon=daemon, daemon_runs=False) as house:
        body = delivery.push()
        assert await house.send(body, delivery.signed(body, "1")) == 202
        await asyncio.wait_for(asked.wait(), 20)
    server.close()
    assert delivery.states(house.journal) == [("parsed", "")]


async def test_what_was_not_forwarded_is_forwarded_by_the_next_forwarder(
    open_house: Any, delivery: Any, make_daemon: Any
) -> None:
    async with open_house(daemon_runs=False) as house:
        body = delivery.push()
        assert await house.send(body, delivery.signed(body, "1")) == 202
    daemon = make_daemon()
    async with open_house(daemon=daemon) as house:
        await house.logged("forwarded")
    assert daemon.refs == ["refs/heads/bugfix"]


async def test_a_hook_that_left_the_settings_and_came_back_gets_its_deliveries_forwarded(
    open_house: Any, delivery: Any, make_daemon: Any
) -> None:
    body = delivery.push(repository="acme/new")
    hook = delivery.HOOKS[0]
    async with open_house() as house:
        assert await house.send(b"{}", delivery.signed(b"{}", "1")) == 202
        await house.logged("delivery not forwarded")
    async with open_house(hooks=()) as house:
        assert await house.send(body, delivery.signed(body, "2")) == 404
        assert await house.get("/healthz") == 200
        await house.logged("delivery not forwarded")
    assert delivery.states(house.journal) == [("dead", "its hook is no longer in the settings")]
    async with open_house(hooks=(hook,)) as house:
        await house.logged("delivery not forwarded")
    ((state, reason),) = delivery.states(house.journal)
    assert (state, "missing" in reason) == ("dead", True)


async def test_a_push_hook_serves_every_repository_that_it_names(open_house: Any, delivery: Any) -> None:
    from orchestrator.domain.webhook import Hook

    names = {name: name for name in ("app", "web", "other_app")}
    async with open_house(hooks=(Hook("git", "post-receive", (delivery.SECRET,), names),)) as house:
        for name in names:
            body = delivery.changes("refs/heads/a", "refs/tags/v1", repository=name)
            assert await house.send(body, delivery.post_receive(body, name), "git") == 202
        await house.daemon.until(lambda: len(house.daemon.hints) == 3)
        assert {(told.repository, told.ref) for told in house.daemon.hints} == {(n, "refs/heads/a") for n in names}
