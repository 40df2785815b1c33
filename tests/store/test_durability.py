"""What was answered is on disk, whatever happens to the process, the disk or the file."""

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from queue import Queue
from typing import Any

import pytest

from orchestrator.adapters.store import Store
from orchestrator.domain.ledger import Happened, Ledger
from orchestrator.errors import Permanent, Temporary

ROOT = Path(__file__).parents[2]


def start(program: str, *arguments: str) -> "subprocess.Popen[bytes]":
    command = [sys.executable, str(Path(__file__).with_name(program)), *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)})


def open_store(path: Path) -> Store:
    return Store(path, lambda _address, _message: None)


def happened(text: str) -> Happened:
    return Happened(1.0, "bugfix", "web", "Seen", text)


def test_what_a_killed_process_was_told_is_written_is_there(path: Path) -> None:
    told: list[int] = []
    for answers in (1, 7, 60, 333):
        with start("recorder.py", str(path), str(max(told, default=0) + 1_000_000)) as process:
            assert process.stdout
            lines = [process.stdout.readline() for _ in range(answers)]
            process.send_signal(signal.SIGKILL)
            told += [int(line) for line in (*lines, *process.stdout.read().splitlines(keepends=True)) if b"\n" in line]
        store = open_store(path)
        there = {event.text for event in store.events(None, 1_000_000)}
        store.close()
        assert {str(number) for number in told} <= there
    assert len(told) >= 401


def test_a_full_disk_is_waited_for_and_nothing_is_lost(path: Path) -> None:
    with start("full_disk.py", str(path)) as process:
        output, _ = process.communicate(timeout=60)
    trouble, answer, after = output.decode().splitlines()
    assert trouble.startswith(f"{path}: ")
    assert answer == "recorded"
    assert after == "'' 400000"


def test_a_locked_file_is_waited_for(path: Path, store: Store, delivered: "Queue[tuple[Any, Any]]") -> None:
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    store.record((happened("x"),), "service", "recorded", "refused")
    with pytest.raises(Temporary, match="database is locked"):
        open_store(path)
    assert delivered.empty()
    other.execute("ROLLBACK")
    other.close()
    assert delivered.get(timeout=20) == ("service", "recorded")


def test_closing_does_not_wait_for_a_locked_file_and_says_what_is_lost(
    path: Path, store: Store, delivered: "Queue[tuple[Any, Any]]"
) -> None:
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    store.record((happened("x"),), "service", "recorded", "refused")
    store.close()
    other.close()
    assert delivered.get(timeout=20) == ("service", "refused")


def test_only_its_user_can_read_the_file(path: Path, store: Store) -> None:
    store.record((happened("x"),))
    assert store.events(None, 1)
    assert path.parent.stat().st_mode & 0o777 == 0o700
    modes = {file.name: file.stat().st_mode & 0o777 for file in path.parent.iterdir()}
    assert set(modes.values()) == {0o600}
    assert "store.db-wal" in modes


def test_the_disk_is_synced_before_an_answer(store: Store) -> None:
    connection = store._writer._connection
    with connection.begin():
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2


@pytest.mark.parametrize("damage", [b"this is not a database, it is a text", b"SQLite format 3\0" + bytes(4080)])
def test_a_file_that_is_no_store_is_refused_with_one_line_and_left_as_it_is(path: Path, damage: bytes) -> None:
    path.parent.mkdir(mode=0o700)
    path.write_bytes(damage)
    path.chmod(0o600)
    with pytest.raises(Permanent, match=r"store\.db: damaged .*put a backup there or move it away") as caught:
        open_store(path)
    assert "\n" not in str(caught.value)
    assert path.read_bytes() == damage


def test_a_store_with_a_torn_page_is_refused(path: Path) -> None:
    store = open_store(path)
    for n in range(200):
        store.record((happened(f"{n}" * 200),))
    store.close()
    content = bytearray(path.read_bytes())
    content[4096 * 6 : 4096 * 12] = bytes(4096 * 6)
    path.write_bytes(content)
    with pytest.raises(Permanent, match="damaged"):
        open_store(path)


def test_a_store_of_a_newer_version_is_refused(path: Path) -> None:
    open_store(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(Permanent, match=r"written by a newer anabranch \(schema 99"):
        open_store(path)


@pytest.mark.parametrize("mode", [0o620, 0o602])
def test_a_store_that_others_can_write_is_refused(path: Path, mode: int) -> None:
    open_store(path).close()
    path.chmod(mode)
    with pytest.raises(Permanent, match="others may write to it"):
        open_store(path)


def test_a_planted_link_is_not_followed(path: Path, tmp_path: Path) -> None:
    target = tmp_path / "victim"
    path.parent.mkdir(mode=0o700)
    path.symlink_to(target)
    with pytest.raises(Permanent, match="cannot be opened"):
        open_store(path)
    assert not target.exists()


def test_a_directory_in_place_of_the_store_is_refused(path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(Permanent):
        open_store(path)


def test_a_release_that_cannot_be_read_is_told_and_stops_nobody(path: Path) -> None:
    open_store(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("INSERT INTO releases (environment, service, number, body) VALUES ('bugfix', 'web', 1, '{')")
    connection.close()
    store = open_store(path)
    with pytest.raises(Permanent, match="cannot be read"):
        store.load("bugfix", "web")
    assert store.load("bugfix", "app") == Ledger()
    store.close()


def test_a_closed_store_answers_no_more_questions(store: Store) -> None:
    store.close()
    with pytest.raises(Temporary, match="closed"):
        store.load("bugfix", "web")
