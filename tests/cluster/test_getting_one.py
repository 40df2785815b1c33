"""Where a control plane comes from, and what is said where there is none."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.cluster import binaries

ROOT = Path(__file__).resolve().parents[2]
ONE_TEST = "tests/cluster/test_control_plane.py::test_a_pod_is_ready_when_its_image_says"


def put_programs(folder: Path, *names: str) -> Path:
    folder.mkdir(parents=True)
    for name in names:
        (folder / name).touch()
    return folder


def run_one_test(environ: Mapping[str, str]) -> "subprocess.CompletedProcess[str]":
    words = (sys.executable, "-m", "pytest", "-p", "no:cacheprovider", ONE_TEST)
    variables = {name: value for name, value in os.environ.items() if name not in {"CI", binaries.ASSETS}}
    return subprocess.run(words, check=False, cwd=ROOT, env={**variables, **environ}, capture_output=True, text=True)


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


def test_without_a_control_plane_its_tests_are_skipped_and_the_last_lines_say_how_to_get_one(tmp_path: Path) -> None:
    ran = run_one_test({"XDG_CACHE_HOME": str(tmp_path)})
    assert ran.returncode == 0, ran.stdout
    assert "make cluster" in ran.stdout.splitlines()[-2]


def test_without_a_control_plane_continuous_integration_fails(tmp_path: Path) -> None:
    ran = run_one_test({"XDG_CACHE_HOME": str(tmp_path), "CI": "true"})
    assert ran.returncode == 1
    assert "make cluster" in ran.stdout
