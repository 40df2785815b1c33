"""The help of every command: it has examples, and every example can be typed."""

import io
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from typing import Any

import pytest
import typer

from orchestrator.cli.app import app, main

_SUBSTITUTION = re.compile(r"\$\([^)]*\)|\$\w+")
_EXTERNAL = {"for", "do", "done"}


def commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Walk all commands, each with its path."""
    yield path, command
    for name, below in getattr(command, "commands", {}).items():
        yield from commands(below, (*path, name))


ROOT: Any = typer.main.get_command(app)
ALL = dict(commands(ROOT))


def help_of(path: tuple[str, ...]) -> str:
    """What `--help` prints."""
    out = io.StringIO()
    with redirect_stdout(out):
        assert main([*path, "--help"]) == 0
    return out.getvalue()


def examples_of(path: tuple[str, ...]) -> list[str]:
    """The commands below `Examples:`, without the remark after two blanks."""
    _, _, below = help_of(path).partition("Examples:\n")
    lines = []
    for line in below.splitlines():
        if not line.strip():
            break
        lines.append(line.strip().split("   ")[0])
    return lines


EXAMPLES = [(path, example) for path in ALL for example in examples_of(path)]


def typed(example: str) -> list[list[str]]:
    """The `anabranch` commands of a line for a shell, those in `$( )` included."""
    inner = [part[2:-1] for part in _SUBSTITUTION.findall(example) if part.startswith("$(")]
    outer = re.split(r"&&|\||;", _SUBSTITUTION.sub("41", example))
    words = [shlex.split(part) for line in (*outer, *inner) for part in re.split(r"\|", line)]
    stripped = [_without_shell(line) for line in words]
    return [line[1:] for line in stripped if line[:1] == ["anabranch"]]


def _without_shell(words: list[str]) -> list[str]:
    """Drop variables, and the words of a loop, before a command."""
    while words and (words[0] in _EXTERNAL or re.match(r"[A-Z]+=", words[0])):
        words = words[1:]
    return words


@pytest.mark.parametrize("path", ALL, ids=lambda path: "-".join(path) or "anabranch")
def test_every_command_says_what_it_does_and_shows_examples(path: tuple[str, ...]) -> None:
    text = help_of(path)
    assert text.startswith(f"Usage: {' '.join(('anabranch', *path))}")
    assert len(text.split("\n\n")[1].strip()) > 20
    assert examples_of(path)
    assert "\\b" not in text
    assert "\b" not in text


@pytest.mark.parametrize(("path", "example"), EXAMPLES, ids=[example for _, example in EXAMPLES])
def test_every_example_can_be_typed(path: tuple[str, ...], example: str, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = typed(example)
    assert lines, "no command of ours in it"
    called = []
    for command in ALL.values():
        if not hasattr(command, "commands") or (command.invoke_without_command and command is not ROOT):
            monkeypatch.setattr(command, "callback", lambda *_, **__: called.append(1))
    for words in lines:
        assert ROOT.main(args=words, prog_name="anabranch", standalone_mode=False) in (0, None)
    assert len(called) >= len(lines)
    assert any(list(path) == [word for word in words if word in path][: len(path)] for words in lines)


@pytest.mark.parametrize("path", ALL, ids=lambda path: "-".join(path) or "anabranch")
def test_every_option_says_what_it_is_for(path: tuple[str, ...]) -> None:
    for parameter in ALL[path].params:
        if parameter.param_type_name == "option":
            assert parameter.help, f"{path}: {parameter.name}"


def test_the_first_page_names_every_command() -> None:
    text = help_of(())
    for path in ALL:
        if len(path) == 1:
            assert re.search(rf"^  {path[0]} ", text, re.MULTILINE), path


def test_the_commands_are_those_that_people_were_told_of() -> None:
    expected = (
        "up daemon forwarder init check envs ps describe wires edit set unset history redeploy logs sync wait "
        "approve-removal version open exec"
    )
    assert {*expected.split(), "hook", "actors", "deliveries"} == {path[0] for path in ALL if path}
    assert {("hook", "install"), ("actors", "tree"), ("actors", "show")} <= set(ALL)
    assert {("hook", name) for name in ("add", "list", "rotate", "test", "reload")} <= set(ALL)
    assert {("deliveries", "show"), ("deliveries", "replay")} <= set(ALL)


def test_the_command_line_is_loaded_without_heavy_libraries() -> None:
    heavy = "rich httpx pydantic sqlalchemy aiohttp kubernetes thespian git yaml asyncio structlog"
    asked = f"import sys, orchestrator.cli; print([name for name in {heavy.split()!r} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", asked], capture_output=True, text=True, check=True, env={**os.environ}, timeout=60
    )
    assert done.stdout == "[]\n"
