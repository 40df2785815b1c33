"""The engine beside the bases that come with Thespian: what actors and their messages cost on each.

A process for each actor allows few of them, so that base is measured with fewer, which every line says.
"""

import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import figures as told

MEASURE = Path(__file__).parent / "engine_measure.py"
DEADLINE = 300.0
BASES = ("engine", "simpleSystemBase", "multiprocTCPBase")
GIB = 2**30


@dataclass(frozen=True, slots=True)
class Row:
    """What is measured, with how many actors or times on each base; 0: not at all."""

    text: str
    what: str
    numbers: tuple[int, int, int]
    unit: str

    def measure(self) -> tuple[float, ...]:
        """Run on each base, in a process of its own each; not a number where it is not run."""
        return tuple(
            _figure(base, self.what, number) if number else float("nan")
            for base, number in zip(BASES, self.numbers, strict=True)
        )


def rows(*, quick: bool) -> tuple[Row, ...]:
    """What is measured."""
    few = 10 if quick else 1
    return (
        Row("actors made a second", "create", (20_000 // few, 20_000 // few, 20), "/s"),
        Row("round trips a second, one pair", "pair", (50_000 // few, 50_000 // few, 500 // few), "/s"),
        Row("round trips a second, one with 1,000", "fan", (1_000, 1_000, 20), "/s"),
        Row("memory an actor, of 10,000", "memory", (10_000, 10_000, 20), "B"),
        Row("memory an actor, of 100,000", "memory", (0, 0, 0) if quick else (100_000, 100_000, 0), "B"),
        Row("longest answer while 50 block", "blocked", (50, 10, 10), "s"),
        Row("processor time of 10,000 idle actors", "idle", (0, 0, 0) if quick else (10_000, 10_000, 20), "%"),
    )


def figures(*, quick: bool) -> Iterator[str]:
    """Yield lines of results, then the bars."""
    yield f"{'':38} {'engine':>12} {'simple':>12} {'multiprocTCP':>14}"
    found: dict[str, tuple[float, ...]] = {}
    for row in rows(quick=quick):
        if any(row.numbers):
            found[row.text] = row.measure()
            yield _line(row, found[row.text])
    yield from _bars(found)


def _line(row: Row, values: tuple[float, ...]) -> str:
    shown = [_value(value, row.unit) for value in values]
    most = max(row.numbers)
    fewer = [f"{base} with {n}" for base, n in zip(BASES, row.numbers, strict=True) if 0 < n < most]
    return f"{row.text:38} {shown[0]:>12} {shown[1]:>12} {shown[2]:>14}   {', '.join(fewer)}".rstrip()


def _value(value: float, unit: str) -> str:
    if value != value:  # noqa: PLR0124
        return "-"
    return told.seconds(value) if unit == "s" else f"{value:,.2f} %" if unit == "%" else f"{value:,.0f} {unit}"


def _bars(found: dict[str, tuple[float, ...]]) -> Iterator[str]:
    ours, _, theirs = found["round trips a second, one pair"]
    yield f"round trips: x {ours / theirs:,.0f} of multiprocTCPBase (bar 100)"
    ours, simple, _ = found["round trips a second, one with 1,000"]
    yield f"fan-out: x {ours / simple:.1f} of simpleSystemBase (bar 1)"
    ours, _, theirs = found["memory an actor, of 10,000"]
    yield f"actors in a GiB: {GIB / ours:,.0f}, x {theirs / ours:,.0f} of multiprocTCPBase, extrapolated (bar 500)"
    if "memory an actor, of 100,000" in found:
        yield f"100,000 actors: {found['memory an actor, of 100,000'][0] * 100_000 / 1e6:,.0f} MB (bar 400)"


def _figure(base: str, what: str, number: int) -> float:
    environ = {**os.environ, "ANABRANCH_BENCH": secrets.token_hex(8)}
    command = [sys.executable, str(MEASURE), base, what, str(number)]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=True, timeout=DEADLINE)
    return float(done.stdout)
