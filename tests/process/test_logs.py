"""What services write comes back as lines that are safe to print, however hostile the bytes."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator.domain.status import Health
from orchestrator.errors import NotFound, Permanent
from orchestrator.runtimes import LogLine
from orchestrator.runtimes.process import ProcessRuntime
from orchestrator.runtimes.process.logfile import LONGEST, LogFile
from orchestrator.runtimes.process.logs import LogReader
from tests.eventually import eventually
from tests.process.running import CRASH, RUN, Watcher, make_release, source


class Clock:
    """Seconds that a test sets."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def log(tmp_path: Path) -> Iterator[LogFile]:
    opened = LogFile(tmp_path, 1000, Clock())
    yield opened
    opened.close()


def read(directory: Path, *, tail: int = 1000, follow: bool = False) -> LogReader:
    return LogReader(directory, ("bugfix", "app", 1), threading.Event(), tail=tail, follow=follow)


def total(directory: Path) -> int:
    """Bytes of both files, 0 while one is being put aside."""
    try:
        return sum((directory / name).stat().st_size for name in ("log", "log.1"))
    except FileNotFoundError:
        return 0


def texts(lines: Iterator[LogLine]) -> list[str]:
    return [line.text for line in lines]


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (b"plain text", "plain text"),
        ("grün ✓ 漢字".encode(), "grün ✓ 漢字"),
        (b"\x1b[31mred\x07", "\\x1b[31mred\\x07"),
        (b"\xff\xfe\x80", "\\xff\\xfe\\x80"),
        ("\x9b31m \u202eevil".encode(), "\\x9b31m \\u202eevil"),
        (b"carriage\rreturn\r", "carriage\\x0dreturn"),
        (b"\0", "\\x00"),
        (b"a\tb", "a       b"),
        (b"", ""),
    ],
)
def test_a_line_holds_nothing_that_a_terminal_obeys(log: LogFile, tmp_path: Path, raw: bytes, shown: str) -> None:
    log.write(raw + b"\n")
    assert list(read(tmp_path)) == [LogLine("bugfix", "app", 1, 1000.0, shown)]


def test_a_line_is_cut_between_characters(log: LogFile, tmp_path: Path) -> None:
    log.write(b"a" + "漢".encode() * 6000 + b"\n")
    lines = texts(read(tmp_path))
    assert "".join(lines) == "a" + "漢" * 6000
    assert all(len(line.encode()) <= LONGEST for line in lines)


def test_a_line_that_never_ends_is_cut_as_it_comes(tmp_path: Path) -> None:
    log = LogFile(tmp_path, 1_000_000, Clock())
    for _ in range(100):
        log.write(b"x" * 1000)
    assert len(texts(read(tmp_path))) == 100_000 // LONGEST
    log.close()
    assert sum(map(len, log.tail)) == 100_000


def test_two_files_are_kept_and_read_in_order(log: LogFile, tmp_path: Path) -> None:
    for number in range(200):
        log.write(f"line {number}\n".encode())
    lines = texts(read(tmp_path))
    assert lines == [f"line {number}" for number in range(200 - len(lines), 200)]
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["log", "log.1"]
    assert all(entry.stat().st_size < 1100 for entry in tmp_path.iterdir())
    assert texts(read(tmp_path, tail=2)) == ["line 198", "line 199"]


def test_a_reader_follows_across_a_change_of_files(log: LogFile, tmp_path: Path) -> None:
    log.write(b"first\n")
    lines = read(tmp_path, tail=0, follow=True)
    log.write(b"x" * 1000 + b"\nsecond\n")
    log.write(b"third\n")
    assert [next(lines).text for _ in range(3)][1:] == ["second", "third"]
    lines.close()
    assert list(lines) == []


@pytest.mark.parametrize("torn", [b"1000.0", b"1000.000 caf\xc3", b"10001000.000 x\n", b"no time\n", b"1000.000\n"])
def test_a_line_that_a_full_disk_tore_takes_no_more_than_its_successor_along(tmp_path: Path, torn: bytes) -> None:
    (tmp_path / "log").write_bytes(b"999.000 before\n" + torn)
    again = LogFile(tmp_path, 1000, Clock())
    again.write(b"lost, perhaps\nafter\n")
    again.close()
    texts = [line.text for line in read(tmp_path)]
    assert (texts[0], texts[-1]) == ("before", "after")


def test_a_reader_that_waits_can_be_closed_from_another_thread(tmp_path: Path) -> None:
    lines = read(tmp_path, follow=True)
    reader = threading.Thread(target=lambda: list(lines))
    reader.start()
    lines.close()
    reader.join(10)
    assert not reader.is_alive()


def test_a_reader_ends_when_the_release_is_gone(runtime: ProcessRuntime, watcher: Watcher) -> None:
    runtime.apply(make_release("gone", 1))
    watcher.ready("gone", 1)
    lines = runtime.logs("gone", "app", 1, tail=10, follow=True)
    assert next(lines).text == "listening"
    runtime.remove_environment("gone")
    assert list(lines) == []


def test_a_flood_of_output_is_bounded_and_delays_no_other_service(runtime: ProcessRuntime, watcher: Watcher) -> None:
    runtime.apply(make_release("flood", 1, ("yes", "a flood"), ports=()))
    runtime.apply(make_release("calm", 1))
    watcher.ready("flood", 1)
    watcher.ready("calm", 1)
    directory = runtime._directories.release("flood", "app", 1)
    eventually((directory / "log.1").exists, "the first file is full")
    assert 0 < eventually(lambda: total(directory), "both files are there") < 300_000
    runtime.remove_environment("flood")


def test_the_last_words_of_a_release_are_in_its_status(runtime: ProcessRuntime, watcher: Watcher) -> None:
    script = "import os; os.write(2, b'\\x1b[31mno config\\xff'); os._exit(1)"
    runtime.apply(make_release("words", 1, (*RUN, "-c", script)))
    seen = watcher.wait("words", 1, Health.DEGRADED)
    assert seen.reason == "exited with status 1 before it was ready: \\x1b[31mno config\\xff"
    assert set(seen.log_tail) == {"\\x1b[31mno config\\xff"}


def test_logs_are_looked_for_under_names_only(runtime: ProcessRuntime) -> None:
    for environment in ("../state", "a/b", "", "."):
        with pytest.raises(Permanent, match="is no name"):
            runtime.logs(environment, "app", None, tail=1, follow=False)
    with pytest.raises(NotFound, match="release 7 of app in bugfix"):
        runtime.logs("bugfix", "app", 7, tail=1, follow=False)


def test_the_log_of_a_release_begins_with_what_its_tree_lacks(
    runtime: ProcessRuntime, watcher: Watcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    def without_vendor(repository: str, commit: str, directory: Path) -> tuple[str, ...]:
        source(repository, commit, directory)
        return ("vendor is left out: it is a submodule",)

    monkeypatch.setattr(runtime, "_source", without_vendor)
    runtime.apply(make_release("lacking", 1))
    watcher.ready("lacking", 1)
    lines = runtime.logs("lacking", "app", 1, tail=10, follow=True)
    assert [next(lines).text for _ in range(2)] == ["-- vendor is left out: it is a submodule --", "listening"]
    lines.close()


def test_each_try_begins_with_a_line_that_numbers_it(runtime: ProcessRuntime, watcher: Watcher) -> None:
    runtime.apply(make_release("trying", 1, CRASH))
    seen = watcher.wait("trying", 1, Health.DEGRADED)
    lines = runtime.logs("trying", "app", 1, tail=10, follow=True)
    assert [next(lines).text for _ in range(4)] == ["it broke", "-- try 2 --", "it broke", "-- try 3 --"]
    lines.close()
    assert seen.log_tail == ("it broke",)
