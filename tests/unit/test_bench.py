"""The benches can be run by name, and a short fuzz holds; their figures are nobody's promise."""

import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).parents[1] / "bench"
RUN = BENCH / "run.py"


@pytest.fixture(autouse=True)
def bench_folder_is_importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCH))


@pytest.mark.parametrize("file", sorted(BENCH.glob("bench_*.py")), ids=lambda file: file.stem)
def test_a_bench_can_be_imported_and_run_by_name(file: Path) -> None:
    module, run = importlib.import_module(file.stem), importlib.import_module("run")
    assert callable(module.figures)
    assert file.stem.removeprefix("bench_") in run.BENCHES


def test_every_name_has_its_bench() -> None:
    names = {file.stem.removeprefix("bench_") for file in BENCH.glob("bench_*.py")}
    assert set(importlib.import_module("run").BENCHES) == names


def test_a_bench_that_is_not_there_is_wrong_usage() -> None:
    told = subprocess.run((sys.executable, RUN, "nothing"), capture_output=True, text=True, check=False)
    assert told.returncode == 2
    assert "there is no bench nothing; there are engine, " in told.stderr


def test_whatever_strangers_write_is_read_or_refused_in_clear_lines() -> None:
    count, fault = importlib.import_module("fuzz").run(3.0, seed=20)
    assert fault == ""
    assert count > 100


def test_a_fuzz_tells_its_seed_and_what_broke() -> None:
    fuzz = importlib.import_module("fuzz")
    assert fuzz._fault(lambda _: {}["missing"], b"x") == "KeyError: 'missing'"
    environ = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    command = (sys.executable, BENCH / "fuzz.py", "--seconds", "0.1", "--seed", "7")
    told = subprocess.run(command, capture_output=True, text=True, check=True, env=environ)
    assert told.stdout.startswith("fuzz: seed 7\n")
    assert told.stdout.endswith("every rule held\n")
