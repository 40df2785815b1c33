"""Actors that fail on a running daemon: they begin anew, or take their parent along, as the command line shows."""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import World

PROGRAM = Path(__file__).with_name("faulty_daemon.py")


class Faulty(World):
    """One repository, followed by a daemon with faults."""

    daemon: "subprocess.Popen[bytes]"


@pytest.fixture
def faulty() -> Iterator[Faulty]:
    directory = Path(tempfile.mkdtemp(prefix="ab-cli-"))
    world = Faulty(directory)
    subprocess.run(
        ["git", "init", "--quiet", "--bare", "--initial-branch=main", str(directory / "app.git")], check=True
    )
    world.push("app", "main", world.score("app"))
    world.settings.write_text(
        f"repositories: [{{name: app, url: 'file://{directory}/app.git'}}]\n"
        "runtime: memory\nstate: state\npolling: {interval: 1, jitter: 0}\n"
        "git: {protocols: [file]}\napi: {socket: api.sock}\n"
    )
    with (directory / "daemon.log").open("w") as log:
        world.daemon = subprocess.Popen(
            [sys.executable, str(PROGRAM), str(world.settings)],
            env=world._environment({"PYTHONPATH": str(PROGRAM.parents[2])}),
            cwd=directory,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        world.until(lambda: world.daemon.poll() is not None or world.run("envs").code == 0)
        world.ready("main", "app")
        yield world
    finally:
        world.daemon.kill()
        world.daemon.wait()
        shutil.rmtree(directory, ignore_errors=True)


def actor(world: Faulty, name: str) -> Any:
    """The actor of that name, as `actors tree` shows it."""
    found: Any = world.run("actors", "tree", "-o", "json").json
    return next((each for each in found if each["name"] == name), None)


def test_a_deployment_that_keeps_failing_takes_its_service_along_and_nothing_else(faulty: Faulty) -> None:
    faulty.push("app", "broken", faulty.score("app"))
    faulty.until(lambda: bool(actor(faulty, "service broken:app")))
    faulty.until(lambda: (actor(faulty, "service broken:app") or {"restarts": 0})["restarts"] > 0)
    failure = actor(faulty, "service broken:app")["last_failure"]
    assert failure.startswith("FailedTooOften: DeploymentActor failed more than 5 times within 30s; the last time: ")
    assert [actor(faulty, name)["restarts"] for name in ("branch broken", "orchestrator", "service main:app")] == [
        0
    ] * 3
    assert faulty.run("-n", "main", "ps", "-q").lines == ["main:app"]


def test_a_root_that_fails_begins_anew_and_one_that_keeps_failing_ends_the_daemon_with_the_reason(
    faulty: Faulty,
) -> None:
    trigger = faulty.directory / "root-breaks"
    trigger.touch()
    said = faulty.run("sync")
    assert (said.code, "anabranch actors dead-letters" in said.err) == (1, True)
    trigger.unlink()
    faulty.until(lambda: (actor(faulty, "orchestrator") or {"restarts": 0})["restarts"] == 1)
    faulty.ready("main", "app")
    assert faulty.run("sync").code == 0
    trigger.touch()
    faulty.until(lambda: faulty.run("sync").code != 0 and faulty.daemon.poll() is not None)
    assert faulty.daemon.returncode == 1
    last = (faulty.directory / "daemon.log").read_text().splitlines()[-1]
    assert last.startswith("anabranch: OrchestratorActor failed more than 3 times within 300s; the last time: KeyError")
