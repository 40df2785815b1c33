"""What config/kubernetes says without a cluster: its commands, its volumes, its image."""

import re
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from orchestrator.cli.app import app
from orchestrator.settings import load

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "config" / "kubernetes"


def deployment(name: str) -> dict[str, Any]:
    return next(one for one in yaml.safe_load_all((FOLDER / f"{name}.yaml").read_text()) if one["kind"] == "Deployment")


def pod(name: str) -> dict[str, Any]:
    spec: dict[str, Any] = deployment(name)["spec"]["template"]["spec"]
    return spec


@pytest.mark.parametrize("name", ["daemon", "forwarder"])
def test_a_container_starts_a_command_that_there_is_with_options_that_it_takes(name: str) -> None:
    command, *options = pod(name)["containers"][0]["args"]
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    known = {flag for parameter in commands[command].params for flag in parameter.opts}
    assert {option for option in options if option.startswith("-")} <= known


def test_every_place_that_the_settings_name_is_mounted() -> None:
    settings = load(FOLDER / "anabranch.yaml", {})
    token = settings.hints.token_file
    assert token == settings.forwarder.daemon.token_file
    places = {
        "daemon": (token, settings.state, settings.socket),
        "forwarder": (token, settings.state, settings.forwarder_socket),
    }
    for name, needed in places.items():
        mounts = {mount["mountPath"] for mount in pod(name)["containers"][0]["volumeMounts"]}
        assert {str(path.parent) for path in needed if path} <= mounts


def test_a_replica_is_gone_before_the_next_one_opens_its_volume() -> None:
    for name in ("daemon", "forwarder"):
        assert deployment(name)["spec"]["strategy"] == {"type": "Recreate"}
        assert deployment(name)["spec"]["replicas"] == 1


def test_the_forwarder_is_given_no_account_to_talk_to_the_cluster_with() -> None:
    assert pod("forwarder")["automountServiceAccountToken"] is False


def test_the_image_is_made_of_files_that_there_are_and_starts_as_nobody() -> None:
    lines = (FOLDER / "Dockerfile").read_text().splitlines()
    copied = {word for line in lines if re.match("COPY (?!--from)", line) for word in line.split()[1:-1]}
    assert copied
    assert {path for path in copied if not (ROOT / path).exists()} == set()
    allowed = (FOLDER / "Dockerfile.dockerignore").read_text()
    assert {path for path in copied if f"!{path}" not in allowed} == set()
    assert [line for line in lines if line.startswith("USER")] == ["USER 65532:65532"]
