"""exec: a command in a release's own place, on this machine for real, in a cluster as the kubectl that is started.

No container runs on a control plane of ours, so there a stand-in for kubectl prints its arguments; with `--cluster` the
tests in tests/cluster enter a real one.
"""

import fcntl
import os
import pty
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from orchestrator.adapters.api import Api, ApiOptions
from orchestrator.adapters.board import Board
from orchestrator.domain.entry import Entry, Pod
from tests.api.conftest import Gateway, environment
from tests.cli.conftest import World, open_world

SECONDS = 60
SCORE = """\
apiVersion: score.dev/v1b1
metadata: {name: app}
service: {ports: {http: {port: 8080}}}
containers:
  main:
    image: .
    command: [sh, -c, "exec python3 -m http.server --bind 127.0.0.1 $PORT"]
    variables: {PASSWORD: "s3cr3t to nobody", GREETING: "hello you"}
"""


@pytest.fixture(scope="module")
def workshop() -> Iterator[World]:
    """A daemon whose services are processes of this machine."""
    with open_world("process", ("app",), lambda *_: SCORE) as made:
        yield made


def test_a_command_runs_in_the_directory_of_the_release_with_its_variables(workshop: Any) -> None:
    said = workshop.shell("anabranch exec main:app -- sh -c 'ls; echo $GREETING $ANABRANCH_RELEASE; curl=$PORT; pwd'")
    assert (said.code, said.err) == (0, "")
    assert said.lines[:2] == ["score.yaml", "hello you 1"]
    assert said.lines[2].endswith("/main/app/v1/tree")


def test_arguments_reach_the_command_as_they_were_typed(workshop: Any) -> None:
    words = ("a b", "$HOME", "*", "--", "-n", "", "'")
    running = workshop.spawn("exec", "main:app", "--", "printf", "%s\\n", *words)
    out, err = running.communicate(timeout=SECONDS)
    assert (running.returncode, out.splitlines(), err) == (0, list(words), "")


def test_what_is_piped_in_is_its_input_and_its_exit_code_is_ours(workshop: Any) -> None:
    assert workshop.shell("echo through | anabranch exec main:app -- cat").out == "through\n"
    assert workshop.shell("anabranch exec main:app -- sh -c 'exit 7'").code == 7
    assert workshop.shell("anabranch exec main:app -- sh -c 'kill -TERM $$'").code == 128 + 15


def test_a_command_whose_reader_leaves_ends_without_a_word(workshop: Any) -> None:
    said = workshop.shell("set +o pipefail; anabranch exec main:app -- yes | head -1")
    assert (said.out, said.err) == ("y\n", "")


def test_without_a_command_it_is_the_shell_of_the_person(workshop: Any) -> None:
    said = workshop.shell("echo 'echo in $ANABRANCH_SERVICE' | anabranch exec main:app", SHELL="/bin/sh")
    assert (said.code, said.out) == (0, "in app\n")


def test_variables_do_not_show_among_the_arguments_of_a_process(workshop: Any) -> None:
    said = workshop.shell("anabranch exec main:app -- sh -c 'cat /proc/$$/cmdline /proc/$PPID/cmdline; echo $PASSWORD'")
    assert said.out.endswith("s3cr3t to nobody\n")
    assert said.out.count("s3cr3t") == 1


def test_on_a_terminal_it_has_that_terminal_its_size_and_ctrl_c(workshop: Any) -> None:
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 33, 77, 0, 0))
    script = (
        "trap 'echo interrupted; exit 3' INT; test -t 0 && test -t 1 && stty size; echo go; while :; do sleep 1; done"
    )
    running = subprocess.Popen(
        [
            sys.executable,
            "-c",
            _LEADS,
            sys.executable,
            "-m",
            "orchestrator",
            "exec",
            "main:app",
            "--",
            "sh",
            "-c",
            script,
        ],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "ANABRANCH_SOCKET": str(workshop.socket), "TERM": "xterm"},
        start_new_session=True,
    )
    os.close(theirs)
    try:
        assert "33 77" in _until(ours, "go")
        os.write(ours, b"\x03")
        assert "interrupted" in _until(ours, "interrupted")
        assert running.wait(SECONDS) == 3
    finally:
        running.kill()
        running.wait()
        os.close(ours)


_LEADS = "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"


def _until(terminal: int, word: str) -> str:
    """Read a terminal until a word was written on it."""
    said = ""
    while word not in said:
        said += os.read(terminal, 4096).decode()
    return said


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("main:app@v9",), "app has no release v9; there are v1"),
        (("main:nix",), 'no service "nix" in main'),
        (("main:app", "--", "no-such-program"), "cannot run no-such-program: it is not on PATH"),
        (("main:app", "-c", "main", "--", "true"), "main:app@v1 is a local process: it has no container"),
        (("main:app", "--context", "kind"), "it has no container and no context"),
    ],
)
def test_what_cannot_be_entered_is_one_line(workshop: Any, words: tuple[str, ...], line: str) -> None:
    running = workshop.spawn("exec", *words)
    out, err = running.communicate(timeout=SECONDS)
    assert (running.returncode, out) == (2 if "container" in line else 1, "")
    assert err.startswith("anabranch: ")
    assert line in err
    assert len(err.splitlines()) == 1


def test_a_release_that_is_not_ready_is_entered_by_its_number(workshop: Any) -> None:
    workshop.push("app", "broken", SCORE.replace("http.server", "no_such_module"))
    workshop.run("sync")
    workshop.until(lambda: "no_such_module" in workshop.run("logs", "broken:app@v1").out)
    refused = workshop.spawn("-n", "broken", "exec", "app", "--", "pwd")
    _, err = refused.communicate(timeout=SECONDS)
    assert "broken:app has no release that is Ready; name one as it is: broken:app@v1" in err
    assert workshop.shell("anabranch exec broken:app@v1 -- cat score.yaml").out.startswith("apiVersion")


def test_a_command_ends_with_its_release(workshop: Any) -> None:
    workshop.push("app", "ending", SCORE)
    workshop.ready("ending", "app")
    running = workshop.spawn("exec", "ending:app", "--", "sh", "-c", "echo go; exec sleep 300")
    assert running.stdout.readline() == "go\n"
    workshop.delete("app", "ending")
    workshop.run("sync")
    assert running.wait(SECONDS) == -signal.SIGKILL
    running.communicate()


def test_nobody_but_a_daemon_of_the_same_user_says_what_is_run(workshop: Any) -> None:
    """The person is made another one here, for only root could be two users in a test."""
    with mock.patch("orchestrator.cli.exec.os.geteuid", lambda: os.getuid() + 4711):
        said = workshop.run("exec", "main:app", "--", "true")
    assert (said.code, said.out) == (1, "")
    assert "a daemon of another user; run this as the user of the daemon" in said.err


def test_nothing_runs_in_a_dry_run(world: Any) -> None:
    said = world.run("exec", "main:app", "--", "true")
    assert said.code == 1
    assert "main:app@v1 cannot be entered: nothing runs in a dry run" in said.err
    branch = world.make("executes-borrowed", "web")
    assert "it is main:app; name that one" in world.run("-n", branch, "exec", "app").err


# In a cluster


@pytest.fixture
def clustered(world: Any, tmp_path: Path) -> Iterator[Any]:
    """The API of a daemon on a cluster, with a gateway that leads into a pod; `kubectl` in bin prints its arguments."""
    board, gateway = Board(), Gateway()
    board.publish(environment("main"))
    gateway.entry = Entry("main", "web", 3, pod=Pod("e-main", "web-6c9d-x7k2p", ("web", "side")))
    place = world.directory / "clustered.sock"
    api = Api(ApiOptions(place), board, gateway, {}, lambda: "")
    (tmp_path / "bin").mkdir()
    kubectl = tmp_path / "bin" / "kubectl"
    kubectl.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\ncat\nexit 5\n')
    kubectl.chmod(0o755)

    def typed(*words: str, bin_only: bool = False) -> tuple[int, list[str], str]:
        path = "/nowhere" if bin_only else f"{kubectl.parent}:{os.environ['PATH']}"
        running = world.spawn("--socket", str(place), "exec", *words, PATH=path)
        out, err = running.communicate(timeout=SECONDS)
        return running.returncode, out.splitlines(), err

    typed.gateway = gateway  # type: ignore[attr-defined]
    api.start()
    yield typed
    api.stop()


def test_in_a_cluster_kubectl_takes_the_command_into_the_pod(clustered: Any) -> None:
    code, words, err = clustered("main:web", "--", "sh", "-c", "echo $HOME; exit 1")
    assert (code, err) == (5, "")
    where = ["--namespace=e-main", "--container=web", "pod/web-6c9d-x7k2p"]
    assert words == ["exec", "--stdin", *where, "--", "sh", "-c", "echo $HOME; exit 1"]
    assert clustered.gateway.calls == [("enter", "main", "web", None)]


def test_container_and_context_are_those_that_a_person_names(clustered: Any) -> None:
    _, words, _ = clustered("main:web", "-c", "side", "--context", "kind")
    assert "--container=side" in words
    assert "--context=kind" in words
    assert words[-2:] == ["--", "sh"]
    code, _, err = clustered("main:web", "-c", "sid")
    assert (code, 'no container "sid" in web-6c9d-x7k2p; there are web, side' in err) == (1, True)


def test_without_kubectl_one_line_says_so(clustered: Any) -> None:
    code, _, err = clustered("main:web", bin_only=True)
    assert (code, err) == (1, "anabranch: cannot run kubectl: it is not on PATH; install it there\n")


def test_a_pod_that_cannot_be_one_never_reaches_a_command_line(clustered: Any) -> None:
    clustered.gateway.entry = Entry("main", "web", 3, pod=Pod("e-main", "--kubeconfig=/tmp/x", ("web",)))
    code, words, err = clustered("main:web")
    assert (code, words) == (1, [])
    assert "names a pod that cannot be one" in err
