"""Where a control plane comes from, and what is said where there is none."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.cluster import binaries, offered
from tests.cluster.control_plane import ControlPlane
from tests.eventually import eventually

ROOT = Path(__file__).resolve().parents[2]
ONE_TEST = "tests/cluster/test_control_plane.py::test_a_pod_is_ready_when_its_image_says"
ONE_CONTRACT = "tests/cluster/test_runtime_contract.py::test_a_release_is_started_and_becomes_ready"
MORE_TESTS = ("tests/cluster/test_control_plane.py", "tests/cluster/test_runtime_contract.py")


def put_programs(folder: Path, *names: str) -> Path:
    folder.mkdir(parents=True)
    for name in names:
        (folder / name).touch()
    return folder


def run(environ: Mapping[str, str], *chosen: str) -> "subprocess.CompletedProcess[str]":
    words = (sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *chosen)
    variables = {name: value for name, value in os.environ.items() if name not in {"CI", binaries.ASSETS}}
    return subprocess.run(words, check=False, cwd=ROOT, env={**variables, **environ}, capture_output=True, text=True)


def others(plane: ControlPlane) -> str:
    """Say which namespaces are there that no test made, or return the empty text."""
    try:
        offered.check(plane.kubectl)
    except offered.Used as used:
        return str(used)
    return ""


def test_assets_that_are_offered_win_over_what_was_built(tmp_path: Path) -> None:
    assets = put_programs(tmp_path / "assets", *binaries.NAMES)
    environ = {binaries.ASSETS: str(assets), "XDG_CACHE_HOME": str(tmp_path)}
    put_programs(binaries.cache(environ), *binaries.NAMES)
    assert binaries.find(environ).folder == assets


def test_assets_without_controllers_are_refused_by_name(tmp_path: Path) -> None:
    assets = put_programs(tmp_path / "assets", "etcd", "kube-apiserver", "kubectl")
    with pytest.raises(binaries.Missing, match="lacks kube-controller-manager"):
        binaries.find({binaries.ASSETS: str(assets)})


def test_a_build_that_was_cut_off_is_none(tmp_path: Path) -> None:
    environ = {"XDG_CACHE_HOME": str(tmp_path)}
    put_programs(binaries.cache(environ), *binaries.NAMES[:2])
    with pytest.raises(binaries.Missing, match="make cluster"):
        binaries.find(environ)


def test_without_a_control_plane_one_line_says_how_to_get_one_before_the_tests_and_after(tmp_path: Path) -> None:
    ran = run({"XDG_CACHE_HOME": str(tmp_path)}, *MORE_TESTS)
    assert ran.returncode == 0, ran.stdout
    told = [line for line in ran.stdout.splitlines() if "make cluster" in line]
    assert len(told) == 2
    assert told[0].startswith("skipping ")
    assert told[1] == ran.stdout.splitlines()[-2]


def test_without_a_control_plane_continuous_integration_fails(tmp_path: Path) -> None:
    ran = run({"XDG_CACHE_HOME": str(tmp_path), "CI": "true"}, ONE_TEST)
    assert ran.returncode == 1
    assert "make cluster" in ran.stdout


def test_a_cluster_in_use_is_left_alone(plane: ControlPlane, namespace: str) -> None:
    """On a control plane of ours, which here stands for one that somebody offers."""
    environ = {"KUBECONFIG": str(plane.kubeconfig), "PATH": f"{plane.kubectl.program.parent}:{os.environ['PATH']}"}
    eventually(lambda: not others(plane), "what tests made for an installed daemon is gone", 60)
    plane.kubectl("create", "namespace", f"{namespace}-theirs")
    try:
        refused = run(environ, "--cluster", ONE_CONTRACT)
    finally:
        plane.kubectl("delete", "namespace", f"{namespace}-theirs", "--wait=false")
    assert refused.returncode == 1
    assert f"a cluster in use: it has {namespace}-theirs; offer an empty one" in refused.stdout
