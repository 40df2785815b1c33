"""Promises that are broken on purpose are noticed, and the program as it is is not taken for broken."""

import importlib
from pathlib import Path
from types import ModuleType

import pytest

BENCH = Path(__file__).parents[1] / "bench"


@pytest.fixture(autouse=True)
def bench_folder_is_importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCH))


@pytest.mark.parametrize("module", ["mutants_cluster", "mutants_forwarder"])
def test_every_mutant_still_has_the_text_that_it_breaks(module: str) -> None:
    applied = importlib.import_module("mutant").applied
    for mutant in importlib.import_module(module).MUTANTS:
        assert applied(mutant)


def test_a_mutant_is_noticed_and_the_program_as_it_is_is_not_taken_for_one() -> None:
    mutant: ModuleType = importlib.import_module("mutant")
    assert importlib.import_module("mutants").main(["--only", "prefix comparison"]) == 0
    harmless = mutant.Mutant(
        "harmless",
        importlib.import_module("mutants_forwarder").SIGNATURE,
        "_SHORTEST_SECRET = 32",
        "_SHORTEST_SECRET = 2**5",
        "tests/webhook/test_signatures.py",
        "shortened",
    )
    assert not mutant.noticed(harmless)
