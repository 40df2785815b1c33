"""Every git process that we start, as it was seen: its arguments, its environment, its end."""

import os
import shutil
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from orchestrator.adapters.git import Mirror
from orchestrator.adapters.git.environment import environment, first_arguments
from orchestrator.adapters.git.process import GitRunner, reason
from orchestrator.domain.git_url import validate
from orchestrator.errors import Permanent, Temporary
from tests.eventually import eventually

COMPLETE = {
    "PATH",
    "HOME",
    "LANG",
    "GIT_TERMINAL_PROMPT",
    "GIT_ASKPASS",
    "GIT_CONFIG_NOSYSTEM",
    "GIT_CONFIG_GLOBAL",
    "GIT_ALLOW_PROTOCOL",
    "GIT_PROTOCOL_FROM_USER",
    "GIT_LFS_SKIP_SMUDGE",
    "GIT_OPTIONAL_LOCKS",
    "GIT_SSH_COMMAND",
}


def whole_workflow(remote, mirror: Mirror, names: list[bytes], tmp_path: Path) -> None:
    """Push, list, fetch, read, lay out, force, heal, delete."""
    for round_, files in enumerate(({"score.yaml": "1"}, {"score.yaml": "2"})):
        commit = remote.commit(files, f"Round {round_}")
        remote.point(dict.fromkeys((b"main", *names), commit))
        mirror.fetch(mirror.heads().branches)
        mirror.read_head(commit, ["score.yaml"])
        mirror.lay_out(commit, tmp_path / f"tree{round_}")
    shutil.rmtree(tmp_path / "mirror/git/objects")
    mirror.fetch()
    remote.delete(*names)
    mirror.fetch()


def test_no_argument_is_or_holds_a_branch_name(remote, mirror, trace, tmp_path):
    names = [
        b"--output=canary-a",
        b"-canary-b",
        b"$(touch${IFS}canary-c)",
        b"canary-d;id",
        b"canary-\xff",
    ]

    whole_workflow(remote, mirror, names, tmp_path)

    arguments = trace.arguments()
    assert len(arguments) > 10
    assert {word for words in arguments for word in words if "canary" in word} == set()
    repositories = {remote.path, tmp_path / "mirror/git"}
    assert [path for path in tmp_path.rglob("*canary*") if not repositories & set(path.parents)] == []
    assert not any(Path(place, "canary-c").exists() for place in (".", "/", tmp_path))


def test_what_one_push_moved_costs_a_list_and_a_fetch(remote, mirror, trace):
    first = remote.push("main", remote.commit({"score.yaml": "1"}))
    mirror.fetch()
    mirror.read_head(first, ["score.yaml"])
    before = len(trace.arguments())
    second = remote.push("main", remote.commit({"score.yaml": "2"}, parent=first))

    mirror.fetch(mirror.heads().branches)
    mirror.read_head(second, ["score.yaml"])

    asked = [{"ls-remote", "fetch", "for-each-ref", "cat-file"} & set(words) for words in trace.arguments()[before:]]
    assert [word for words in asked for word in words] == ["ls-remote", "fetch"]


def test_every_process_has_the_complete_environment_and_nothing_else(remote, mirror, trace, tmp_path, monkeypatch):
    monkeypatch.setenv("SECRET_OF_THE_DAEMON", "canary")
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    monkeypatch.setenv("GIT_SSH_COMMAND", "touch canary")

    whole_workflow(remote, mirror, [b"side"], tmp_path)

    environments = trace.environments()
    assert len(environments) > 10
    assert all(set(variables) == COMPLETE for variables in environments)
    assert {tuple(sorted(variables.items())) for variables in environments} == {
        tuple(sorted(environment(mirror._options, mirror._runner.url).items()))
    }


def test_every_command_begins_with_the_same_safe_options(remote, mirror, trace, options, tmp_path):
    whole_workflow(remote, mirror, [b"side"], tmp_path)

    safe = list(first_arguments(options))
    assert {
        "core.hooksPath=/dev/null",
        "core.fsmonitor=false",
        "http.followRedirects=false",
        "protocol.allow=never",
    } <= {*safe}
    # a script's own command line begins with its interpreter and its path
    assert all(words[1 : len(safe) + 1] == safe for words in trace.arguments())


def test_hooks_and_monitors_planted_in_the_mirror_do_not_run(remote, mirror, clone_path, tmp_path):
    commit = remote.push("main", remote.commit({"score.yaml": "1"}))
    mirror.fetch()
    canary = tmp_path / "canary"
    script = clone_path.parent / "evil"
    script.write_text(f"#!/bin/sh\ntouch {canary}\n")
    script.chmod(0o755)
    (clone_path / "hooks").mkdir()
    for name in ("reference-transaction", "post-checkout", "pre-auto-gc", "update", "post-update"):
        shutil.copy(script, clone_path / "hooks" / name)
    with (clone_path / "config").open("a") as config:
        config.write(f'[core]\n fsmonitor = {script}\n sshCommand = {script}\n[credential]\n helper = "!{script}"\n')

    remote.push("main", remote.commit({"score.yaml": "2"}))
    mirror.fetch()
    mirror.lay_out(commit, tmp_path / "tree")
    assert not canary.exists()

    mirror.close()
    mirror.open()
    assert not (clone_path / "hooks").exists()
    assert "evil" not in (clone_path / "config").read_text()


def test_a_planted_redirection_of_the_url_is_gone_after_opening(remote, mirror, clone_path, tmp_path):
    remote.push("main", remote.commit({}))
    mirror.fetch()
    with (clone_path / "config").open("a") as config:
        config.write(f'[url "{tmp_path}/elsewhere"]\n insteadOf = {remote.path}\n')
    mirror.close()
    mirror.open()
    new = remote.push("main", remote.commit({"x": "1"}))

    assert mirror.fetch() == (("main", new),)


def is_running(pid: int) -> bool:
    """Tell whether a process exists and is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize("limit", ["deadline", "stall"])
def test_a_process_that_hangs_is_ended_with_all_that_it_started(remote, options, tmp_path, put_on_path, limit):
    children = tmp_path / "children"
    put_on_path(f"sleep 600 & echo $! > {children}; echo 'Receiving objects: 1%' >&2; wait")
    runner = GitRunner("app", validate(str(remote.path), options.protocols), options)

    def started() -> str:
        with pytest.raises(Temporary, match=r"app: git (did not answer within|showed no progress for) 0\.3 s"):
            runner.run("fetch", deadline=0.3 if limit == "deadline" else 20, stall=0.3 if limit == "stall" else 20)
        return children.read_text() if children.exists() else ""

    child = int(eventually(started, "a child that was started in time"))
    eventually(lambda: not is_running(child))


def test_a_process_that_talks_for_ever_is_ended_by_its_deadline(remote, options, put_on_path):
    put_on_path("exec yes >&2")
    runner = GitRunner("app", validate(str(remote.path), options.protocols), options)

    def reason_of_the_end() -> str:
        with pytest.raises(Temporary) as ended:
            runner.run("fetch", deadline=0.3, stall=0.2)
        return str(ended.value)

    eventually(lambda: "did not answer within 0.3 s" in reason_of_the_end())


def test_a_host_that_never_answers_is_given_up(make_mirror):
    with socket.create_server(("127.0.0.1", 0)) as server:
        mirror = make_mirror(f"http://127.0.0.1:{server.getsockname()[1]}/x", deadline=0.3)
        with pytest.raises(Temporary, match=r"app: git did not answer within 0\.3 s and was ended"):
            mirror.heads()


def test_a_file_over_the_limit_ends_the_fetch_and_gives_the_disk_back(remote, make_mirror, tmp_path):
    remote.push("main", remote.commit({"big": os.urandom(3_000_000)}))
    mirror = make_mirror(remote.path, pack_bytes=1_000_000)

    with pytest.raises(Temporary, match="cannot be cloned"):
        mirror.fetch()
    assert sum(file.stat().st_size for file in (tmp_path / "mirror").rglob("*") if file.is_file()) < 100_000


def test_a_missing_git_says_what_to_install(remote, options, monkeypatch):
    monkeypatch.setenv("PATH", "/nonexistent")
    runner = GitRunner("app", validate(str(remote.path), options.protocols), options)

    with pytest.raises(Permanent, match="git is not installed, or not on PATH: install git"):
        runner.run("version")


def test_the_adapter_can_be_imported_without_git(tmp_path):
    code = "import orchestrator.adapters.git, sys; assert 'git' not in sys.modules"

    subprocess.run([sys.executable, "-c", code], env={"PATH": str(tmp_path)}, check=True, cwd=Path.cwd())


@pytest.mark.parametrize(
    ("written", "line"),
    [
        (
            b"ssh: connect: refused\nfatal: Could not read\n\nPlease make sure\n",
            "ssh: connect: refused; fatal: Could not read",
        ),
        (b"Receiving objects: 3%\rfatal: early EOF\n", "Receiving objects: 3%; fatal: early EOF"),
        (b"fatal: unable to access 'https://u:canary@h/x'", "fatal: unable to access 'https://***@h/x'"),
        (b"remote: \x1b[31m\xff", "remote: \\x1b[31m\\xff"),
        (b"", ""),
        (b"x" * 1000, "x" * 299 + "…"),
    ],
)
def test_what_git_complains_about_becomes_one_visible_line(written, line):
    assert reason(written) == line


def test_a_running_fetch_keeps_the_lock_of_the_mirror(remote, mirror, tmp_path, put_on_path):
    remote.push("main", remote.commit({}))
    mirror.fetch()
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    put_on_path(f'case "$*" in *" fetch "*) read _ < {pipe};; esac; exec {remote.git_program} "$@"')
    fetching = threading.Thread(target=mirror.fetch)
    fetching.start()
    with pipe.open("w") as gate:
        mirror._room.leave()
        with pytest.raises(Temporary, match="in use"):
            mirror._room.enter()
        gate.write("go\n")
    fetching.join(20)
    mirror._room.enter()
