"""What a terminal gets: colour, columns cut at its edge, a line that moves; never what a stranger wrote as markup."""

import errno
import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from typing import Any

import pytest

from orchestrator.cli import table

_STYLE = re.compile(r"\x1b\[[0-9;]*m")


def typed(world: Any, *arguments: str, columns: int = 80) -> tuple[int, str]:
    """Type a command at a terminal; returns its code and all that was written."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    environment = {
        "PATH": os.environ["PATH"],
        "TERM": "xterm",
        "LANG": "C.UTF-8",
        "ANABRANCH_SOCKET": str(world.socket),
    }
    command = [sys.executable, "-m", "orchestrator", *arguments]
    running = subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment, cwd=world.directory
    )
    os.close(theirs)
    try:
        written = b"".join(iter(lambda: _read(ours), b""))
        return running.wait(60), written.decode()
    finally:
        os.close(ours)
        running.kill()
        running.wait()


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError as error:
        if error.errno == errno.EIO:
            return b""
        raise


def test_a_table_on_a_terminal_is_cut_at_its_edge_but_ids_and_addresses_are_not(world: Any) -> None:
    branch = world.make("a-terminal", "app")
    world.run("-n", branch, "set", "app", *(f"A_VERY_LONG_NAME_{number}=x" for number in range(9)))
    code, written = typed(world, "-n", branch, "ps", columns=100)
    assert code == 0
    header, row, *_ = (_STYLE.sub("", line) for line in written.splitlines())
    assert header.split() == ["SERVICE", "RELEASE", "COMMIT", "STATUS", "ADDRESS", "CHANGED", "NOTE"]
    assert len(row) == 100
    assert row.endswith("…")
    assert row.split()[0] == f"{branch}:app"
    assert re.search(r"http://127\.0\.0\.1:\d{5} ", row)
    assert "\x1b[32mReady" in written


def test_a_terminal_that_is_too_narrow_gets_whole_ids(world: Any) -> None:
    branch = world.make("narrow-terminal", "app")
    _, written = typed(world, "-n", branch, "ps", columns=20)
    assert f"{branch}:app" in written


def test_progress_on_a_terminal_is_one_line_that_moves(world: Any) -> None:
    branch = world.make("moving-line", "app")
    code, written = typed(world, "redeploy", f"{branch}:app")
    assert code == 0
    assert "\r\x1b[K" in written
    assert written.rstrip().splitlines()[-1].endswith("s")


def test_nothing_is_coloured_or_cut_in_a_pipe(world: Any) -> None:
    said = world.shell("anabranch -n main wires; anabranch envs; anabranch -n main ps", COLUMNS="20", FORCE_COLOR="1")
    assert "\x1b" not in said.out
    assert "…" not in said.out


@pytest.mark.parametrize("text", ["feature-[red]x", "[/bold]", "[link=http://x]y[/link]", ":smile:", "\x1b[2J", "a\tb"])
def test_cells_are_never_read_as_markup(
    text: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    table.show(table.Table(("A", "B"), ((text, text),)))
    shown = _STYLE.sub("", capsys.readouterr().out)
    assert text.replace("\x1b", "\\x1b").replace("\t", "\\x09") in shown
    assert "\x1b" not in shown


def test_rows_without_a_header_have_none_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    table.show(table.Table(("", ""), (("a", "b"),)))
    assert _STYLE.sub("", capsys.readouterr().out) == "a  b\n"


def test_columns_line_up_under_wide_characters(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    table.show(table.Table(("", ""), (("漢字", "x"), ("abcd", "y"))))
    first, second = _STYLE.sub("", capsys.readouterr().out).splitlines()
    assert (first, second) == ("漢字  x", "abcd  y")


LONG = "feature-login-with-a-name-that-is-long-k3v9abcdefgh:other-app"
ROWS = (
    ("bugfix:web", "Degraded", "http://127.0.0.1:20017", "v4 failed: exited with status 1; v3 serves"),
    (LONG, "Ready", "http://127.0.0.1:20018", ""),
)


def lines_at(columns: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """The lines of a table on a terminal of this width."""
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", str(columns))
    table.show(table.Table(("SERVICE", "STATUS", "ADDRESS", "NOTE"), ROWS))
    return _STYLE.sub("", capsys.readouterr().out).splitlines()


def test_a_long_name_gives_way_before_the_note_does(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    header, ill, well = lines_at(100, monkeypatch, capsys)
    assert header.endswith("NOTE")
    assert ill.endswith(" v4 failed: exited w…")
    assert well.split()[0].startswith("feature-login")
    assert well.split()[0].endswith(":other-app")
    assert "…" in well
    assert max(map(len, (header, ill, well))) == 100


def test_a_note_that_has_no_room_stands_below_its_row(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    header, ill, note, well = lines_at(60, monkeypatch, capsys)
    assert header.split() == ["SERVICE", "STATUS", "ADDRESS"]
    assert ill.split() == ["bugfix:web", "Degraded", "http://127.0.0.1:20017"]
    assert note == "  v4 failed: exited with status 1; v3 serves"
    assert well.endswith("http://127.0.0.1:20018")
    assert max(map(len, (header, ill, note, well))) <= 60


def test_what_cannot_fit_is_left_whole(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert LONG in "".join(lines_at(30, monkeypatch, capsys))


def test_a_long_name_with_wide_characters_fits_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "40")
    table.show(table.Table(("", ""), (("漢字" * 30, "y" * 20),)))
    shown = _STYLE.sub("", capsys.readouterr().out).splitlines()
    assert len(shown) == 1
    assert shown[0].endswith(f"…  {'y' * 20}")
