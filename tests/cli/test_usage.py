"""What a person gets wrong, what the world sends, and how a command ends: one line, a code, no traceback."""

import json
import signal
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from orchestrator.cli import socket_path
from orchestrator.cli.app import app


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("-n", "mian", "ps"), 'no environment "mian"; did you mean main? (anabranch envs)'),
        (("ps", "main:wbe"), 'no service "wbe" in main; did you mean web? (anabranch -n main ps)'),
        (("ps", "main:zzz"), 'no service "zzz" in main; there are app, audit, many, other-app, web'),
        (("-n", "main", "logs", "ap"), 'no service "ap" in main; did you mean app?'),
        (("-n=-x", "ps"), 'no environment "-x"'),
        (("describe", "mian"), 'no environment "mian"; did you mean main?'),
        (("history", "main:app@v77"), "app has no release v77; there are v1"),
    ],
)
def test_what_is_missing_is_named_with_the_way_out(world: Any, words: tuple[str, ...], line: str) -> None:
    said = world.run(*words)
    assert said.code == 1
    assert said.out == ""
    assert said.err.startswith(f"anabranch: {line}")
    assert len(said.err.splitlines()) == 1


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("sp",), "sp"),
        (("ps", "--wach"), "--wach"),
        (("ps", "-o", "xml"), "xml"),
        (("ps", "-q", "-o", "json"), "drop one of them"),
        (("envs", "-w", "-q"), "-w shows a table"),
        (("-n", "main", "ps", "-n", "other"), "name one environment"),
        (("-n", "main", "ps", "never-heard-of:app"), 'no environment "never-heard-of"'),
        (("redeploy", "main:app@v1"), "drop @v1"),
        (("edit", ":app"), "names no environment"),
        (("history", "main:app@"), 'no version after "@"'),
        (("-n", "", "ps"), "it is empty"),
        (("-n=", "ps"), "it is empty"),
        (("edit",), "SERVICE"),
        (("hook",), "hook"),
        (("set", "main:app"), "NAME=TEXT"),
        (("wait", "--timeout", "-1"), "--timeout"),
    ],
)
def test_wrong_usage_is_one_line(world: Any, words: tuple[str, ...], line: str) -> None:
    said = world.run(*words)
    assert said.code == (1 if "never-heard" in " ".join(words) else 2)
    assert said.err.startswith("anabranch: ")
    assert line in said.err
    assert len(said.err.splitlines()) == 1


def test_two_environments_in_one_command_are_refused(world: Any) -> None:
    branch = world.make("one-or-other", "app")
    said = world.run("-n", branch, "ps", "main:app")
    assert said.code == 2
    assert "two environments" in said.err


def test_without_a_command_the_help_is_shown(world: Any) -> None:
    said = world.run()
    assert said.code == 0
    assert "Usage: anabranch" in said.out


@pytest.mark.parametrize(
    "name", ["..", ".", "/", "%2e%2e", "a/../b", "x" * 5000, "a b", "ä", "\udcff", "a\nb", "?", "#"]
)
def test_strange_names_are_refused_in_one_harmless_line(world: Any, name: str) -> None:
    for words in (("-n", name, "ps"), ("describe", f"{name}:app"), ("logs", f"main:{name}"), ("actors", "show", name)):
        said = world.run(*words)
        assert said.code in (1, 2)
        assert len(said.err.splitlines()) == 1
        assert "fault" not in said.err
        assert "\udcff" not in said.err


def test_the_lines_of_quiet_lists_can_be_typed_back(world: Any) -> None:
    branch = world.make("typed/back", "app", "web")
    names = [name for name in world.run("envs", "-q").lines if name == "main" or name.startswith("typed-back-")]
    assert len(names) == 2
    for name in names:
        assert world.run("-n", name, "ps").code == 0
        assert world.run("describe", name).code == 0
        assert world.run("-n", name, "wires").code == 0
    for name in world.run("-n", branch, "ps", "-q").lines:
        for command in ("ps", "wires", "describe", "logs", "history", "redeploy", "wait", "edit"):
            assert world.run(command, name, EDITOR="true").code == 0, (command, name)
        assert world.run("set", name, "A=b").code == 0
        assert world.run("unset", name, "A").code == 0
        assert world.run("actors", "show", name).code == 0
    for name in world.run("history", f"{branch}:app", "-q").lines:
        for command in ("describe", "history"):
            assert world.run(command, name).code == 0, (command, name)
    newest = world.run("history", f"{branch}:app", "-q").lines[0]
    assert world.run("logs", newest).code == 0


def test_in_a_shell_ids_of_one_command_are_arguments_of_the_next(world: Any) -> None:
    branch = world.make("in-a-shell", "app")
    assert world.shell(f"anabranch history $(anabranch -n {branch} ps -q) -q").lines == [f"{branch}:app@v1"]


def test_a_reader_that_leaves_early_is_no_error(world: Any) -> None:
    said = world.shell("anabranch -n main ps -o json | head -1")
    assert said.err == ""
    followed = world.shell("anabranch -n main logs -f | head -1")
    assert followed.err == ""
    assert followed.out.endswith("started\n")


def test_ctrl_c_ends_a_watch_without_a_word(world: Any) -> None:
    branch = world.make("watched", "app")
    watching = world.spawn("-n", branch, "ps", "-w")
    try:
        assert watching.stdout.readline().startswith("SERVICE")
        assert watching.stdout.readline().startswith(f"{branch}:app")
        world.run("-n", branch, "set", "app", "LOG_LEVEL=debug")
        assert any("edited: LOG_LEVEL" in line for line in watching.stdout)
        watching.send_signal(signal.SIGINT)
        _, err = watching.communicate(timeout=30)
    finally:
        watching.kill()
        watching.wait()
    assert (watching.returncode, err) == (0, "")


def test_ctrl_c_ends_a_wait_without_a_traceback(world: Any) -> None:
    waiting = world.spawn("-n", "never-comes", "wait")
    try:
        assert "never-comes" in waiting.stderr.readline()
        waiting.send_signal(signal.SIGINT)
        _, err = waiting.communicate(timeout=30)
    finally:
        waiting.kill()
        waiting.wait()
    assert waiting.returncode == 130
    assert "Traceback" not in err


class _FakeDaemon:
    """Answers every request with what it is told to, however hostile."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.body = b"[]"
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(str(path))
        self._socket.listen()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                connection.recv(65536)
                head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(self.body)}\r\n\r\n"
                connection.sendall(head.encode() + self.body)


@pytest.fixture
def impostor(world: Any) -> Iterator[_FakeDaemon]:
    daemon = _FakeDaemon(world.directory / "impostor.sock")
    yield daemon
    daemon.close()
    daemon.path.unlink()


_HOSTILE = "\x1b]0;owned\x07\x1b[31m[red]x[/red]\u202e\udcff\n"
_ENVIRONMENT = {
    "environment": "main",
    "branch": _HOSTILE,
    "baseline": True,
    "status": "Degraded",
    "note": _HOSTILE,
    "changed": 1.0,
    "problems": [_HOSTILE],
    "looked_at": [{"repository": _HOSTILE, "commit": _HOSTILE, "note": _HOSTILE}],
    "services": [
        {
            "environment": "main",
            "service": "web",
            "repository": _HOSTILE,
            "branch": _HOSTILE,
            "present": True,
            "status": "Degraded",
            "note": _HOSTILE,
            "changed": 1.0,
            "addresses": [["http", _HOSTILE]],
            "needed_by": [_HOSTILE],
            "revision": "r",
            "serving": {
                "number": 1,
                "commit": _HOSTILE,
                "subject": _HOSTILE,
                "cause": _HOSTILE,
                "delivery": _HOSTILE,
                "created": 1.0,
                "reason": _HOSTILE,
                "log_tail": [_HOSTILE],
            },
            "variables": [{"name": _HOSTILE, "text": _HOSTILE, "value": _HOSTILE, "source": _HOSTILE}],
            "wires": [
                {
                    "service": "web",
                    "resource": _HOSTILE,
                    "variable": _HOSTILE,
                    "target_environment": _HOSTILE,
                    "target_service": _HOSTILE,
                    "origin": _HOSTILE,
                    "since": 1.0,
                    "note": _HOSTILE,
                }
            ],
        }
    ],
}


@pytest.mark.parametrize(
    "words",
    [
        ("envs",),
        ("envs", "-o", "json"),
        ("envs", "-o", "yaml"),
    ],
)
def test_lists_of_hostile_text_are_printed_safely(world: Any, impostor: _FakeDaemon, words: tuple[str, ...]) -> None:
    impostor.body = json.dumps([_ENVIRONMENT]).encode()
    _is_safe(world.run("--socket", str(impostor.path), *words))


@pytest.mark.parametrize(
    "words",
    [
        ("ps",),
        ("ps", "-q"),
        ("ps", "-o", "json"),
        ("ps", "-o", "yaml"),
        ("wires",),
        ("describe", "main:web"),
        ("describe",),
    ],
)
def test_hostile_text_of_services_is_printed_safely(world: Any, impostor: _FakeDaemon, words: tuple[str, ...]) -> None:
    impostor.body = json.dumps(_ENVIRONMENT).encode()
    _is_safe(world.run("--socket", str(impostor.path), "-n", "main", *words))


def _is_safe(said: Any) -> None:
    assert said.code == 0, said.err
    for forbidden in ("\x1b", "\x07", "\u202e", "\udcff"):
        assert forbidden not in said.out
    said.out.encode()


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"null", b'{"environment": 1}', b'"x"', b"[[[]]]", b"\xff"])
def test_an_answer_that_makes_no_sense_is_one_line(world: Any, impostor: _FakeDaemon, body: bytes) -> None:
    impostor.body = body
    for words in (("-n", "main", "ps"), ("-n", "main", "describe", "web"), ("history", "main:web"), ("sync", "-q")):
        said = world.run("--socket", str(impostor.path), *words)
        assert len(said.err.splitlines()) <= 1
        assert "fault" not in said.err


def test_a_fault_of_the_command_itself_is_one_line_without_traceback(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orchestrator.cli.daemon_client.Daemon.environments", lambda _: 1 // 0)
    said = world.run("envs")
    assert said.code == 1
    assert said.err.startswith("anabranch: a fault in anabranch itself: ZeroDivisionError")
    with pytest.raises(ZeroDivisionError):
        world.run("envs", ANABRANCH_DEBUG="1")


def test_the_command_line_knows_no_markup() -> None:
    assert app.rich_markup_mode is None


def test_the_socket_of_the_settings_file_here_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "anabranch.yaml").write_text("api: {socket: here.sock}\n")
    assert socket_path.find(None, {}).resolve() == tmp_path / "here.sock"
    assert socket_path.find(Path("said.sock"), {}) == Path("said.sock")
    assert socket_path.find(None, {"ANABRANCH_SETTINGS__API__SOCKET": "/set.sock"}) == Path("/set.sock")
    (tmp_path / "anabranch.yaml").write_text("api: [nonsense\n")
    assert socket_path.find(None, {}) == Path("/run/anabranch/api.sock")
    assert socket_path.places(None, {"XDG_RUNTIME_DIR": "/own"})[0] == Path("/own/anabranch/api.sock")


def test_without_a_daemon_every_place_is_named_where_one_was_looked_for(world: Any, tmp_path: Path) -> None:
    said = world.run("envs", at=tmp_path, ANABRANCH_SOCKET="", XDG_RUNTIME_DIR=str(tmp_path))
    places = f"{tmp_path}/anabranch/api.sock or /run/anabranch/api.sock"
    assert said.err == f"anabranch: no daemon at {places}; start one: anabranch up\n"


def test_an_environment_after_an_equals_sign_is_meant_without_it(world: Any) -> None:
    assert world.run("-n=main", "ps", "-q").lines == world.run("-n", "main", "ps", "-q").lines
    assert world.run("ps", "-n=main", "-q").code == 0


def test_an_environment_in_the_place_of_a_service_is_taken_for_one(world: Any) -> None:
    branch = world.make("not-a-service", "app")
    said = world.run("-n", "main", "ps", branch)
    assert (said.code, said.err) == (1, f'anabranch: no service "{branch}" in main; did you mean -n {branch}?\n')


@pytest.mark.parametrize("words", ["envs", "envs -o json", "-n main ps -q"])
def test_a_full_disk_is_one_line(world: Any, words: str) -> None:
    said = world.shell(f"anabranch {words} > /dev/full")
    assert (said.code, said.err) == (1, "anabranch: cannot write: no space left\n")
