"""Whatever is logged comes out as one clean line."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from orchestrator import log
from orchestrator.domain.mask import Mask

SECRET = "canary-0123456789abcdef"


class Screen(io.StringIO):
    """A stream that says that it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    """The log is one for the process: give it back as it was."""
    root, ours = logging.getLogger(), logging.getLogger("anabranch")
    before = (root.handlers[:], root.level, ours.level, logging.raiseExceptions)
    configured = structlog.get_config()
    root.handlers[:] = []
    yield
    root.handlers[:], root.level, ours.level, logging.raiseExceptions = before
    structlog.configure(**configured)


@pytest.fixture
def stream() -> io.StringIO:
    return io.StringIO()


def records(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_record_is_one_json_line_with_time_level_name_and_values(stream: io.StringIO) -> None:
    log.configure("info", "json", (), stream)
    structlog.get_logger("daemon").info("ready", socket="/run/a.sock", pid=7)
    (record,) = records(stream)
    assert record.pop("at").endswith("Z")
    assert record == {"level": "info", "logger": "daemon", "event": "ready", "socket": "/run/a.sock", "pid": 7}


def test_only_the_wanted_levels_are_written(stream: io.StringIO) -> None:
    log.configure("warning", "json", (), stream)
    for level in ("debug", "info", "warning", "error"):
        getattr(structlog.get_logger("daemon"), level)(level)
    assert [record["event"] for record in records(stream)] == ["warning", "error"]


def test_libraries_are_heard_from_warning_on_even_at_debug(stream: io.StringIO) -> None:
    log.configure("debug", "json", (), stream)
    logging.getLogger("sqlalchemy.engine").info("INSERT …")
    logging.getLogger("aiohttp").warning("odd %s", "request")
    structlog.get_logger("daemon").debug("ours")
    assert [(r["logger"], r["event"]) for r in records(stream)] == [("aiohttp", "odd request"), ("daemon", "ours")]


def test_every_record_names_what_led_to_it_ours_and_those_of_libraries(stream: io.StringIO) -> None:
    led = ["41"]
    log.configure("info", "json", (), stream, trace=lambda: led[0])
    structlog.get_logger("daemon").info("ours")
    logging.getLogger("library").warning("theirs")
    led[0] = ""
    structlog.get_logger("daemon").info("of itself")
    assert [(r["event"], r.get("trace")) for r in records(stream)] == [
        ("ours", "41"),
        ("theirs", "41"),
        ("of itself", None),
    ]


def test_no_way_into_the_log_shows_a_secret(stream: io.StringIO) -> None:
    log.configure("debug", "json", (SECRET,), stream)
    ours, library = structlog.get_logger("daemon"), logging.getLogger("library")
    ours.info(
        SECRET, text=SECRET, data=SECRET.encode(), deep={"a": [(SECRET,), {SECRET: 1}]}, other=RuntimeError(SECRET)
    )
    ours.bind(token=SECRET).info("bound")
    library.warning("header %s", SECRET)
    for fail in (ours.exception, library.exception):
        try:
            raise RuntimeError(SECRET)
        except RuntimeError:
            fail("failed")
    assert len(records(stream)) == 5
    assert SECRET not in stream.getvalue()


def test_a_secret_that_is_cut_off_is_hidden_before_the_cut(stream: io.StringIO) -> None:
    log.configure("info", "json", (SECRET,), stream)
    structlog.get_logger("daemon").info("x" * (log.LONGEST_VALUE - 10) + SECRET)
    assert SECRET[:8] not in stream.getvalue()


def test_what_would_break_a_line_or_a_terminal_is_escaped(stream: io.StringIO) -> None:
    log.configure("info", "text", (), stream)
    hostile = "a\nb\x1b[31m\u202e\x9b\udcff"
    structlog.get_logger("daemon").info("pushed", branch=hostile)
    (line,) = stream.getvalue().splitlines()
    assert line.endswith("branch=a\\x0ab\\x1b[31m\\u202e\\x9b\\xff")


def test_values_are_cut_and_collections_are_bounded(stream: io.StringIO) -> None:
    log.configure("info", "json", (), stream)
    nested: list[Any] = []
    for _ in range(50):
        nested = [nested]
    structlog.get_logger("daemon").info("big", text="x" * 10_000, many=list(range(10_000)), deep=nested)
    (record,) = records(stream)
    assert len(record["text"]) == log.LONGEST_VALUE
    assert len(record["many"]) == 64
    assert len(json.dumps(record)) < 2_000


def test_a_failure_is_told_with_its_reason_and_where(stream: io.StringIO) -> None:
    log.configure("info", "json", (), stream)
    try:
        json.loads("{")
    except ValueError as error:
        structlog.get_logger("daemon").error("unreadable", exc_info=error)
    (record,) = records(stream)
    assert (record["failure"], record["event"]) == ("JSONDecodeError", "unreadable")
    assert record["reason"].startswith("Expecting property name")
    assert any(frame.endswith(" decode") or "raw_decode" in frame for frame in record["frames"])


def test_a_terminal_gets_text_and_a_pipe_gets_json() -> None:
    screen, pipe = Screen(), io.StringIO()
    for stream in (screen, pipe):
        log.configure("info", "auto", (), stream)
        structlog.get_logger("daemon").info("ready", pid=7)
    assert screen.getvalue().endswith("info     daemon: ready  pid=7\n")
    assert records(pipe)[0]["pid"] == 7


def test_configuring_again_replaces_the_sink(stream: io.StringIO) -> None:
    log.configure("info", "json", (), stream)
    log.configure("info", "json", (), io.StringIO())
    structlog.get_logger("daemon").info("elsewhere")
    assert stream.getvalue() == ""


def test_a_stream_that_cannot_be_written_to_harms_nobody(capsys: pytest.CaptureFixture[str]) -> None:
    closed = io.StringIO()
    log.configure("info", "json", (SECRET,), closed)
    closed.close()
    structlog.get_logger("daemon").info(SECRET)
    assert SECRET not in capsys.readouterr().err


def test_a_secret_learnt_later_is_hidden_too(stream: io.StringIO) -> None:
    mask = log.configure("info", "json", (), stream)
    assert isinstance(mask, Mask)
    mask.learn(SECRET)
    structlog.get_logger("daemon").info(SECRET)
    assert records(stream)[0]["event"] == "***"
