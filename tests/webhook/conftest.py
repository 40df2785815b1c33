"""Recorded shapes: one folder per case, `cases/<provider>/<event>/{headers,body,expected}.json`."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

CASES = Path(__file__).parent / "cases"


@dataclass(frozen=True)
class Case:
    """One delivery of a git host, and what it must become."""

    provider: str
    headers: dict[str, tuple[str, ...]]
    body: bytes
    expected: dict[str, Any]


def recorded(folder: Path) -> Case:
    headers = json.loads((folder / "headers.json").read_text())
    return Case(
        provider=folder.parent.name,
        headers={name.lower(): (value,) for name, value in headers.items()},
        body=(folder / "body.json").read_bytes(),
        expected=json.loads((folder / "expected.json").read_text()),
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that asks for a `case` once for each folder."""
    if "case" in metafunc.fixturenames:
        folders = sorted(CASES.glob("*/*"))
        names = [f"{folder.parent.name}-{folder.name}" for folder in folders]
        metafunc.parametrize("case", [recorded(folder) for folder in folders], ids=names)


@pytest.fixture(scope="session")
def cases() -> dict[str, list[Case]]:
    """All cases by provider."""
    return {
        folder.name: [recorded(each) for each in sorted(folder.iterdir())]
        for folder in CASES.iterdir()
        if folder.is_dir()
    }
