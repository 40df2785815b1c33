"""The journal when the disk is full, the file damaged or not ours; and one forwarder at a time."""

import contextlib
import os
import resource
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from orchestrator.errors import AnabranchError, Permanent
from orchestrator.forwarder.options import Limits

SMALL = Limits(retry_first_seconds=0.02, retry_most_seconds=0.05, journal_bytes=600_000)


async def test_too_many_waiting_deliveries_are_refused_until_the_daemon_has_taken_them(
    open_house: Any, delivery: Any, make_daemon: Any
) -> None:
    taken, daemon = [], make_daemon()
    async with open_house(daemon=daemon, daemon_runs=False, limits=SMALL) as house:
        for number in range(5000):
            ref = f"refs/heads/{number}-{'x' * 900}"
            body = delivery.push(ref)
            status = await house.send(body, delivery.signed(body, str(number)))
            if status == 202:
                taken.append(ref)
            elif await house.get("/readyz") == 503:
                break
        assert (status, await house.get("/healthz")) == (503, 200)
        assert len(taken) > 50
        await daemon.start()
        await daemon.until(lambda: set(daemon.refs) == set(taken))
    async with open_house(daemon=daemon, limits=SMALL) as house:
        assert await house.get("/readyz") == 200


async def test_old_bodies_make_room_for_new_deliveries(open_house: Any, delivery: Any) -> None:
    async with open_house(limits=SMALL) as house:
        for number in range(40):
            body = delivery.push(f"refs/heads/b{number}", padding="x" * 40_000)
            assert await house.send(body, delivery.signed(body, str(number))) == 202
            await house.daemon.until(lambda number=number: len(house.daemon.hints) == number + 1)
    assert delivery.states(house.journal) == [("forwarded", "")] * 40


async def test_a_disk_that_takes_nothing_is_answered_503_until_it_does(
    run_forwarder: Any, settings_file: Any, make_daemon: Any, delivery: Any, open_client: Any
) -> None:
    daemon = make_daemon()
    await daemon.start()
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    async with run_forwarder(settings_file()) as forwarder, open_client(forwarder.url) as client:
        resource.prlimit(forwarder.process.pid, resource.RLIMIT_FSIZE, (4096, hard))
        for number in range(3):
            body = delivery.changes(f"refs/heads/lost{number}")
            assert await client.send(body, delivery.post_receive(body, f"lost{number}"), "local") == 503
        assert (await client.get("/readyz"), await client.get("/healthz")) == (503, 200)
        resource.prlimit(forwarder.process.pid, resource.RLIMIT_FSIZE, (hard, hard))
        assert await client.get("/readyz") == 200
        body = delivery.changes("refs/heads/kept")
        assert await client.send(body, delivery.post_receive(body, "kept"), "local") == 202
        await daemon.until(lambda: "refs/heads/kept" in daemon.refs)
        assert await forwarder.end() == 0
    await daemon.stop()
    faults = [entry for entry in forwarder.log if entry["event"] == "the journal cannot be written"]
    assert len(faults) == 1
    assert "journal.db: cannot write" in faults[0]["reason"]


async def test_old_deliveries_make_room_for_new_ones(open_house: Any, delivery: Any) -> None:
    async with open_house(limits=SMALL) as house:
        for number in range(500):
            ref = f"refs/heads/{number}-{'x' * 900}"
            body = delivery.push(ref)
            while await house.send(body, delivery.signed(body, str(number))) == 503:
                await house.daemon.until(lambda number=number: len(house.daemon.hints) >= number)
        await house.daemon.until(lambda: len(set(house.daemon.refs)) == 500)
    assert 0 < len(delivery.states(house.journal)) < 500


async def test_dead_letters_do_not_keep_others_out(open_house: Any, delivery: Any) -> None:
    async with open_house(limits=SMALL) as house:
        for number in range(40):
            body = b"x" * 40_000
            assert await house.send(body, delivery.signed(body, str(number))) == 202
            await house.logged("delivery not forwarded", number + 1)
        body = delivery.push()
        assert await house.send(body, delivery.signed(body, "good")) == 202
        await house.daemon.until(lambda: bool(house.daemon.hints))
    assert delivery.states(house.journal)[-1] == ("forwarded", "")


async def fill(open_house: Any, delivery: Any, count: int) -> Path:
    async with open_house(daemon_runs=False) as house:
        for number in range(count):
            body = delivery.push(f"refs/heads/b{number}", padding="x" * 3000)
            assert await house.send(body, delivery.signed(body, str(number))) == 202
    journal: Path = house.journal
    return journal


@pytest.mark.parametrize("damage", ["nonsense", "middle", "cut", "empty", "wal"])
async def test_a_damaged_journal_is_set_aside_and_what_is_whole_is_forwarded(
    open_house: Any, delivery: Any, make_daemon: Any, damage: str
) -> None:
    journal = await fill(open_house, delivery, 30)
    before = journal.read_bytes()
    changed = {
        "nonsense": b"nonsense" * 4096,
        "middle": before[: len(before) // 2] + b"\x5a" * 8192 + before[len(before) // 2 + 8192 :],
        "cut": before[: len(before) // 4096 // 2 * 4096],
        "empty": b"",
        "wal": before,
    }[damage]
    journal.write_bytes(changed)
    if damage == "wal":
        journal.with_name("journal.db-wal").write_bytes(os.urandom(100_000))
    async with open_house(daemon=make_daemon()) as house:
        body = delivery.push("refs/heads/new")
        assert await house.send(body, delivery.signed(body, "new")) == 202
        await house.daemon.until(lambda: "refs/heads/new" in house.daemon.refs)
        told = [entry for entry in house.log if entry["event"] == "the journal was damaged"]
    aside = list(journal.parent.glob("journal.db.damaged-*"))
    assert len(aside) == len(told) == (damage in {"nonsense", "middle", "cut"})
    if aside:
        assert aside[0].read_bytes() == changed
        assert told[0]["carried_over"] == len(house.daemon.refs) - 1
    if damage == "middle":
        assert told[0]["carried_over"] + told[0]["missing"] == 30
        assert told[0]["carried_over"] > 10


async def test_a_body_that_changed_on_disk_is_not_believed(open_house: Any, delivery: Any) -> None:
    journal = await fill(open_house, delivery, 2)
    with contextlib.closing(sqlite3.connect(journal)) as db:
        db.execute("UPDATE delivery SET state = 'journalled', hints = '[]' WHERE seq = 1")
        db.execute("UPDATE body SET body = x'00' WHERE seq = 1")
        db.commit()
    async with open_house() as house:
        await house.logged("delivery not forwarded")
        await house.daemon.until(lambda: bool(house.daemon.hints))
    assert delivery.states(journal) == [("dead", "the body was damaged on disk"), ("forwarded", "")]


async def test_a_second_forwarder_on_one_journal_is_refused(open_house: Any, delivery: Any) -> None:
    async with open_house(daemon_runs=False) as first:
        with pytest.raises(Permanent, match="another forwarder holds this journal; stop that one first"):
            async with open_house(daemon_runs=False):
                raise AssertionError
        body = delivery.push()
        assert await first.send(body, delivery.signed(body, "1")) == 202


@pytest.mark.parametrize("place", ["state", "state/journal.db"])
async def test_a_journal_that_others_may_write_is_not_trusted(open_house: Any, delivery: Any, place: str) -> None:
    journal = await fill(open_house, delivery, 1)
    (journal.parent.parent / place).chmod(0o770)
    with pytest.raises(Permanent, match="others may write here"):
        async with open_house(daemon_runs=False):
            raise AssertionError


async def test_the_journal_is_closed_to_others(open_house: Any, delivery: Any) -> None:
    journal = await fill(open_house, delivery, 1)
    assert (journal.stat().st_mode & 0o777, journal.parent.stat().st_mode & 0o777) == (0o600, 0o700)


@pytest.mark.parametrize("there", ["link", "directory", "pipe"])
async def test_a_journal_that_is_no_file_is_refused_with_one_line(
    open_house: Any, short_path: Path, there: str
) -> None:
    journal = short_path / "state" / "journal.db"
    journal.parent.mkdir(mode=0o700)
    {"link": lambda: journal.symlink_to("elsewhere"), "directory": journal.mkdir, "pipe": lambda: os.mkfifo(journal)}[
        there
    ]()
    with pytest.raises(AnabranchError, match="journal") as refused:
        async with open_house(daemon_runs=False):
            raise AssertionError
    assert "\n" not in str(refused.value)
    assert not (journal.parent / "elsewhere").exists()
