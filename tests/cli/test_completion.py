"""What the shell offers on TAB."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from orchestrator.cli import bash_words


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A shell does not wait long for an answer; a test does."""
    monkeypatch.setattr("orchestrator.cli.completion._SECONDS", 30.0)


def complete(world: Any, *words: str, shell: str = "bash", **variables: str) -> list[str]:
    """Ask as the shell's script does; the last word is the one under the cursor."""
    asked = {"COMP_WORDS": "\n".join(("anabranch", *words)), "COMP_CWORD": str(len(words))}
    asked |= {"_TYPER_COMPLETE_ARGS": " ".join(("anabranch", *words)), "_TYPER_COMPLETE_FISH_ACTION": "get-args"}
    said = world.run(_ANABRANCH_COMPLETE=f"complete_{shell}", **asked, **variables)
    assert said.err == ""
    return [line for line in said.lines if line]


def test_commands_and_options_are_offered(world: Any) -> None:
    assert complete(world, "app") == ["approve-removal"]
    assert "tree" in complete(world, "actors", "")
    assert "--watch" in complete(world, "ps", "--w")


def test_actors_are_offered_by_service_and_by_address(world: Any) -> None:
    branch = world.make("completed-room", "app")
    assert complete(world, "actors", "pause", "completed-room") == [f"{branch}:app"]
    assert world.run("actors", "tree", "-q").lines[0] in complete(world, "actors", "pause", "/A")


def test_environments_are_offered_before_and_after_the_command(world: Any) -> None:
    branch = world.make("completed-here", "app")
    assert complete(world, "-n", "completed-he") == [branch]
    assert complete(world, "ps", "-n", "completed-he") == [branch]


def test_services_are_offered_by_their_bare_names_where_the_environment_is_known(world: Any) -> None:
    branch = world.make("completed-bare", "app", "web")
    assert complete(world, "-n", branch, "logs", "we") == ["web"]
    assert complete(world, "logs", "-n", branch, "we") == ["web"]
    assert complete(world, "logs", "we", ANABRANCH_ENVIRONMENT=branch) == ["web"]
    assert set(complete(world, "logs", "completed-bare")) == {f"{branch}:app", f"{branch}:web"}


def test_repositories_and_edited_variables_are_offered_where_they_are_meant(world: Any) -> None:
    branch = world.make("completed-edit", "app")
    world.run("-n", branch, "set", "app", "LOG_LEVEL=debug", "MORE=x")
    assert {"app", "other_app", "web"} <= set(complete(world, "approve-removal", ""))
    assert complete(world, "approve-removal", "o") == ["other_app"]
    assert complete(world, "-n", branch, "unset", "app", "") == ["LOG_LEVEL", "MORE"]
    assert complete(world, "unset", branch, ":", "app", "L") == ["LOG_LEVEL"]
    assert complete(world, "unset", "main", ":", "app", "") == []


def test_bash_completes_behind_a_colon_although_it_splits_there(world: Any) -> None:
    branch = world.make("completed-colon", "app", "web")
    assert complete(world, "logs", branch, ":") == ["app", "web"]
    assert complete(world, "logs", branch, ":", "w") == ["web"]
    assert complete(world, "redeploy", "main", ":", "oth") == ["other-app"]


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_are_offered_the_same(world: Any, shell: str) -> None:
    branch = world.make(f"completed-{shell}", "app")
    offered = " ".join(complete(world, "logs", f"completed-{shell}", shell=shell))
    assert branch in offered
    assert "app" in offered


@pytest.mark.parametrize("shell", ["bash", "fish"])
def test_nothing_is_offered_and_nothing_said_without_a_daemon(world: Any, tmp_path: Path, shell: str) -> None:
    nowhere = str(tmp_path / "none.sock")
    assert complete(world, "-n", "ma", shell=shell, ANABRANCH_SOCKET=nowhere) == []
    assert complete(world, "--socket", nowhere, "logs", "ma", shell=shell) == []


def test_the_script_that_is_installed_works_in_bash(world: Any) -> None:
    bash = shutil.which("bash")
    source = world.run(_ANABRANCH_COMPLETE="source_bash").out
    assert "_ANABRANCH_COMPLETE=complete_bash" in source
    program = world.directory / "anabranch"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m orchestrator "$@"\n')
    program.chmod(0o755)
    typed = (
        f"{source}\nCOMP_WORDS=(anabranch logs main : oth); COMP_CWORD=4\n"
        f"_anabranch_completion {program}\nprintf '%s\\n' \"${{COMPREPLY[@]}}\""
    )
    variables = {"PATH": os.environ["PATH"], "ANABRANCH_SOCKET": str(world.socket)}
    done = subprocess.run(
        [str(bash), "--norc", "-c", typed], env=variables, capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == "other-app\n"


@pytest.mark.parametrize(
    ("words", "position", "joined"),
    [
        (["a", "logs", "x", ":", "w"], "4", (["a", "logs", "x:w"], 2)),
        (["a", "logs", "x", ":"], "3", (["a", "logs", "x:"], 2)),
        (["a", "logs", "w"], "2", (["a", "logs", "w"], 2)),
        (["a", "logs", "x", ":", "w", ""], "5", (["a", "logs", "x:w", ""], 3)),
        (["a", ":"], "1", (["a", ":"], 1)),
        (["a"], "1", (["a"], 1)),
        (["a", "b"], "nonsense", (["a", "b"], 1)),
    ],
)
def test_words_with_a_colon_are_put_together(words: list[str], position: str, joined: tuple[list[str], int]) -> None:
    assert bash_words.join(words, position) == joined


def test_completion_is_no_way_to_print_escape_sequences(world: Any) -> None:
    assert json.dumps(complete(world, "-n", "\x1b[31m")) == "[]"


def test_services_and_their_ports_are_offered_to_those_who_want_in(world: Any) -> None:
    branch = world.make("completed-ways", "app")
    assert complete(world, "-n", branch, "exec", "ap") == ["app"]
    assert complete(world, "-n", branch, "open", "app", "--port", "") == ["http"]
