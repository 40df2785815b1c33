"""What can be had is ok, what cannot says what to do about it."""

import os
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from orchestrator.check import CheckRow, check, check_file
from orchestrator.settings import ForwardedHook, Repository, Settings
from orchestrator.settings.sections import DaemonDoor, Forwarder

Make = Callable[..., Settings]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A real repository with one commit on main."""
    path = tmp_path / "web.git"
    environ = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.org")
    for command in (("init", "-q", "-b", "main", str(path)), (*identity, "commit", "-q", "--allow-empty", "-m", "x")):
        where = path if path.exists() else tmp_path
        subprocess.run(["git", *command], cwd=where, env=environ, check=True)
    return path


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Settings whose every path lies below the test's directory, without repositories unless asked for."""

    def settings(urls: dict[str, str] | None = None, **sections: dict[str, Any]) -> Settings:
        values: dict[str, Any] = {
            "repositories": [{"name": name, "url": url} for name, url in (urls or {}).items()],
            "git": {"protocols": ["https", "file"]},
            "runtime": "memory",
            "state": tmp_path / "state",
            "api": {"socket": tmp_path / "run" / "api.sock"},
        }
        return Settings.model_validate({**values, **sections})

    return settings


def the(rows: tuple[CheckRow, ...], what: str, name: str = "") -> CheckRow:
    (row,) = [row for row in rows if row.what == what and name in row.name]
    return row


def test_a_repository_that_answers_is_ok_with_what_it_said(make: Make, repository: Path) -> None:
    row = the(check(make({"web": str(repository)})), "repository")
    assert (row.name, row.where, row.ok) == ("web", str(repository), True)
    assert (
        row.text
        == "has 1 branch, main is the default one; no score.yaml there: add one, or set `score` of this repository"
    )


def test_each_repository_fails_by_itself(make: Make, repository: Path, tmp_path: Path) -> None:
    rows = check(make({"gone": str(tmp_path / "gone.git"), "web": str(repository)}))
    assert [(row.name, row.ok) for row in rows if row.what == "repository"] == [("gone", False), ("web", True)]
    assert "cannot be listed" in the(rows, "repository", "gone").text


def test_settings_without_a_repository_fail_with_the_line_to_write(make: Make) -> None:
    row = the(check(make(), "anabranch.yaml"), "settings")
    assert (row.where, row.ok) == ("anabranch.yaml", False)
    assert "add one below repositories" in row.text


def test_protocols_without_encryption_are_warned_of(make: Make, repository: Path) -> None:
    row = the(check(make({"web": str(repository)})), "settings")
    assert row.ok
    assert "git.protocols allows file" in row.text


def test_a_settings_file_with_mistakes_gives_a_row_for_each(tmp_path: Path) -> None:
    file = tmp_path / "anabranch.yaml"
    file.write_text("repositores: []\nbaseline: 5\n")
    rows = check_file(file, {})
    assert [(row.what, row.where, row.ok) for row in rows] == [("settings", str(file), False)] * 2
    assert [row.text.removeprefix(str(file))[:3] for row in rows] == [":1:", ":2:"]


@pytest.mark.parametrize("content", [None, "a: [", "- x"])
def test_a_settings_file_that_cannot_be_read_gives_one_row(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "anabranch.yaml"
    if content is not None:
        file.write_text(content)
    (row,) = check_file(file, {})
    assert not row.ok
    assert row.text.isprintable()


def test_a_good_settings_file_is_checked_whole(tmp_path: Path) -> None:
    file = tmp_path / "anabranch.yaml"
    file.write_text("runtime: memory\nstate: state\napi: {socket: run/api.sock}\n")
    rows = check_file(file, {})
    assert [row.what for row in rows] == ["settings", "directory", "directory", "runtime", "git"]


def test_a_state_directory_that_is_missing_will_be_made_and_is_not_yet(make: Make, tmp_path: Path) -> None:
    row = the(check(make()), "directory", "state")
    assert (row.ok, row.text) == (True, "will be made")
    assert not (tmp_path / "state").exists()


def test_a_state_directory_open_to_others_fails(make: Make, tmp_path: Path) -> None:
    (tmp_path / "state").mkdir(mode=0o700)
    assert the(check(make()), "directory", "state").ok
    (tmp_path / "state").chmod(0o770)
    row = the(check(make()), "directory", "state")
    assert (row.ok, row.text) == (False, f"others can write to it: chmod 700 {tmp_path / 'state'}")


def test_a_state_directory_below_a_file_fails(make: Make, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    row = the(check(make(state=tmp_path / "file" / "state")), "directory", "state")
    assert not row.ok
    assert "is no directory; set another state" in row.text


def test_a_directory_that_cannot_be_written_fails(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    # root may write everywhere, so that the kernel's answer is replaced
    monkeypatch.setattr("os.access", lambda *_: False)
    rows = check(make())
    assert "this user cannot write to" in the(rows, "directory", "state").text
    assert not the(rows, "directory", "api.socket").ok


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_a_secret_that_somebody_gave_to_this_group_is_closed_to_others(make: Make, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("token")
    os.chown(file, os.geteuid() + 1, os.getegid())
    for mode, ok in ((0o440, True), (0o444, False)):
        file.chmod(mode)
        assert the(check(make(git={"token_file": file})), "file", "git.token_file").ok is ok


def test_secret_files_must_be_there_full_and_closed(make: Make, tmp_path: Path) -> None:
    good, open_, empty = (tmp_path / name for name in ("good", "open", "empty"))
    for file, content, mode in ((good, "token", 0o600), (open_, "token", 0o644), (empty, "\n", 0o600)):
        file.write_text(content)
        file.chmod(mode)
    hook = ForwardedHook(name="all", provider="github", secret_files=(tmp_path / "gone",), repositories={"a": "web"})
    settings = make(
        git={"token_file": good, "ssh_key": open_, "known_hosts": empty},
        forwarder=Forwarder(hooks=(hook,), daemon=DaemonDoor(token_file=empty)),
    )
    rows = check(settings)
    assert the(rows, "file", "git.token_file").ok
    assert the(rows, "file", "git.ssh_key").text == f"others can read it: chmod 600 {open_}"
    assert the(rows, "file", "git.known_hosts").text == "it is empty"
    assert the(rows, "file", "forwarder.daemon.token_file").text == "it is empty"
    assert the(rows, "file", "secret of hook all").text.startswith("No such file or directory; write it")


@pytest.mark.parametrize(
    ("uid", "allow_root", "ok", "text"),
    [
        (1000, False, True, "runs branches as this user, without isolation"),
        (0, True, True, "runs branches as root, without isolation"),
        (0, False, False, "would run branches as root; start as another user, or set process.allow_root: true"),
    ],
)
def test_the_process_runtime_says_as_whom_it_runs_branches(
    make: Make, monkeypatch: pytest.MonkeyPatch, uid: int, allow_root: bool, ok: bool, text: str
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: uid)
    rows = check(make(runtime="process", process={"allow_root": allow_root, "ports": (20000, 20200)}))
    row = the(rows, "runtime")
    assert (row.name, row.ok, row.text) == ("process", ok, text)


def test_ports_that_somebody_listens_on_are_not_free(make: Make) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        row = the(check(make(runtime="process", process={"ports": (port, port)})), "ports")
    assert (row.ok, row.name) == (False, f"{port}-{port}")
    assert row.text == "only 0 are free; set process.ports to a range with more"


def test_ports_of_outgoing_connections_are_warned_of(
    make: Make, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # the kernel's range is not ours to change
    bounds = tmp_path / "range"
    bounds.write_text("30100\t60999\n")
    monkeypatch.setattr("orchestrator.check.runtime._EPHEMERAL", bounds)
    row = the(check(make(runtime="process", process={"ports": (30000, 30200)})), "ports")
    assert row.ok
    assert row.text.startswith("outgoing connections use 30100-60999")
    row = the(check(make(runtime="process", process={"ports": (29000, 29200)})), "ports")
    assert row.text.endswith("are free")


def test_git_is_told_with_its_version(make: Make) -> None:
    row = the(check(make()), "git")
    assert row.ok
    assert row.name[0].isdigit()


def test_a_missing_git_fails_with_one_line(make: Make, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    rows = check(make({"web": "/srv/web"}))
    assert not the(rows, "git").ok
    assert not the(rows, "repository").ok
    assert the(rows, "git").text.isprintable()


def test_a_url_is_shown_without_its_password() -> None:
    settings = Settings(repositories=(Repository(name="web", url="https://ann:hunter2@git.example/web.git"),))
    assert "hunter2" not in str(check(settings))
