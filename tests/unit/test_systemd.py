"""The units start commands that exist, as users of their own, and give up every right that they do not need."""

from pathlib import Path

import pytest
import typer

from orchestrator.cli.app import app

FOLDER = Path(__file__).parents[2] / "config" / "systemd"
UNITS = ("anabranch-daemon.service", "anabranch-forwarder.service")
HARDENED = {
    "AmbientCapabilities": "",
    "CapabilityBoundingSet": "",
    "LimitCORE": "0",
    "LockPersonality": "yes",
    "NoNewPrivileges": "yes",
    "PrivateDevices": "yes",
    "PrivateTmp": "yes",
    "ProtectClock": "yes",
    "ProtectControlGroups": "yes",
    "ProtectHome": "yes",
    "ProtectHostname": "yes",
    "ProtectKernelLogs": "yes",
    "ProtectKernelModules": "yes",
    "ProtectKernelTunables": "yes",
    "ProtectProc": "invisible",
    "ProtectSystem": "strict",
    "RemoveIPC": "yes",
    "RestrictAddressFamilies": "AF_UNIX AF_INET AF_INET6",
    "RestrictNamespaces": "yes",
    "RestrictRealtime": "yes",
    "RestrictSUIDSGID": "yes",
    "StateDirectoryMode": "0700",
    "SystemCallArchitectures": "native",
    "UMask": "0077",
}


def unit(name: str) -> dict[str, list[str]]:
    """Read a unit: each key with all its values, in order."""
    found: dict[str, list[str]] = {}
    for line in (FOLDER / name).read_text().splitlines():
        key, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            found.setdefault(key, []).append(value)
    return found


@pytest.mark.parametrize("name", UNITS)
def test_a_unit_starts_a_command_that_there_is_with_options_that_it_takes(name: str) -> None:
    program, command, *options = unit(name)["ExecStart"][0].split()
    assert Path(program).is_absolute()
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    known = {flag for parameter in commands[command].params for flag in parameter.opts}
    assert {option for option in options if option.startswith("-")} <= known


@pytest.mark.parametrize("name", UNITS)
def test_a_unit_is_hardened(name: str) -> None:
    written = unit(name)
    assert {key: written.get(key, ["missing"])[-1] for key in HARDENED} == HARDENED
    allowed, denied = written["SystemCallFilter"]
    assert allowed == "@system-service"
    assert {"@privileged", "@mount", "@debug"} <= set(denied.removeprefix("~").split())


@pytest.mark.parametrize("name", UNITS)
def test_a_unit_comes_back_when_it_dies_but_not_for_ever(name: str) -> None:
    written = unit(name)
    assert written["Restart"] == ["always"]
    assert written["StartLimitBurst"] == ["5"]
    assert written["KillMode"] == ["mixed"]


@pytest.mark.parametrize("name", UNITS)
def test_a_unit_says_each_thing_once(name: str) -> None:
    assert {key for key, values in unit(name).items() if len(values) > 1} <= {"Environment", "SystemCallFilter"}


def test_the_forwarder_reaches_the_daemon_through_its_group_only() -> None:
    daemon, forwarder = (unit(name) for name in UNITS)
    assert daemon["User"] != forwarder["User"] != ["root"]
    assert forwarder["Group"] == forwarder["User"]
    assert forwarder["SupplementaryGroups"] == daemon["Group"]
    assert daemon["StateDirectory"] != forwarder["StateDirectory"]
    assert forwarder["InaccessiblePaths"] == [f"-/var/lib/{daemon['StateDirectory'][0]}"]
    assert daemon["RuntimeDirectoryMode"] == ["0750"]


def test_every_user_of_a_unit_is_made() -> None:
    made = {line.split()[1] for line in (FOLDER / "anabranch.sysusers").read_text().splitlines() if line[:2] == "u "}
    assert made == {unit(name)["User"][0] for name in UNITS}
