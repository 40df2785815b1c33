"""The README against the program: commands, settings, targets and files that it names exist, and none is left out."""

import re
from pathlib import Path
from typing import Any

import pytest
import typer

from orchestrator.cli.app import app
from orchestrator.domain import guarded_yaml
from orchestrator.domain.score import load
from orchestrator.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
SHELL = [line.removeprefix("$ ") for kind, text in BLOCKS if not kind for line in text.splitlines()]


def paths(command: Any, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Every command that can be typed, groups that do nothing by themselves left out."""
    below = getattr(command, "commands", {})
    own = [path] if path and (not below or command.invoke_without_command) else []
    return [*own, *(p for name, c in below.items() for p in paths(c, (*path, name)))]


COMMANDS = {" ".join(path) for path in paths(typer.main.get_command(app))}
LISTED = re.findall(r"^\| `anabranch ([a-z -]+)` \|", README, re.MULTILINE)


def test_every_command_is_in_the_readme_once_and_every_one_there_exists() -> None:
    assert sorted(LISTED) == sorted(COMMANDS)


def test_every_example_is_a_command_with_options_that_it_has() -> None:
    examples = [line.split("#")[0].split(" -- ")[0].split() for line in SHELL if line.startswith("anabranch ")]
    assert examples
    for words in examples:
        root = typer.main.get_command(app)
        while words[1:2] == ["-n"]:
            del words[1:3]
        name = " ".join(words[1:3]) if " ".join(words[1:3]) in COMMANDS else words[1]
        assert name in COMMANDS, words
        command: Any = root
        for part in name.split():
            command = command.commands[part]
        known = {option for parameter in command.params for option in parameter.opts}
        assert {word for word in words if word.startswith("-")} <= known | {"--help"}, words


def test_every_make_target_of_the_readme_is_in_the_makefile() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {word for line in SHELL for words in re.findall(r"^make ([a-z ]+)", line) for word in words.split()}
    assert named
    assert named <= targets


@pytest.mark.parametrize("link", re.findall(r"\]\(([^)#:]+)\)", README))
def test_every_linked_file_is_there(link: str) -> None:
    assert (ROOT / link).exists()


@pytest.mark.parametrize("folder", sorted(set(re.findall(r"`((?:orchestrator|actors|config|tests)[a-z/]*)`", README))))
def test_every_named_folder_is_there(folder: str) -> None:
    assert (ROOT / folder).is_dir()


def test_the_settings_shown_are_settings(tmp_path: Path) -> None:
    shown = next(text for kind, text in BLOCKS if kind == "yaml" and text.startswith("forwarder:"))
    for name in re.findall(r"/etc/anabranch/(\w+\.secret)", shown):
        (tmp_path / name).write_text("s" * 40)
    values = guarded_yaml.load(shown.replace("/etc/anabranch", str(tmp_path)).encode(), file="README.md").value
    Settings.model_validate(values, context={"folder": tmp_path})


def test_the_score_file_shown_is_one() -> None:
    shown = next(text for kind, text in BLOCKS if kind == "yaml" and text.startswith("apiVersion:"))
    assert load(shown.encode(), file="score.yaml", where="web@main").name == "web"
