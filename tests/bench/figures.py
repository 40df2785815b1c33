"""Measured seconds to lines for a person: percentiles, and ratios of things measured side by side."""

import statistics
from collections.abc import Sequence


def percentile(values: Sequence[float], percent: int) -> float:
    """Name the value that `percent` of all are not above."""
    return sorted(values)[min(len(values) - 1, len(values) * percent // 100)]


def median(values: Sequence[float]) -> float:
    """Name the value in the middle."""
    return statistics.median(values)


def seconds(value: float) -> str:
    """Write a duration in the unit that suits it."""
    return f"{value:.2f} s" if value >= 1 else f"{value * 1000:.1f} ms" if value >= 0.001 else f"{value * 1e6:.0f} us"


def compared(what: str, ours: float, theirs: float, than: str) -> str:
    """Write a duration, that of the thing beside it, and how many times as long it is."""
    return f"{what:42} {seconds(ours):>10}   {than} {seconds(theirs):>10}   x {ours / theirs:.2f}"


def in_turns(what: str, rounds: Sequence[tuple[float, float]], than: str) -> str:
    """Write medians of durations that were measured in turns, and how their ratios lay from round to round."""
    ours, theirs = (median(column) for column in zip(*rounds, strict=True))
    ratios = sorted(one / other for one, other in rounds)
    return f"{compared(what, ours, theirs, than)} ({ratios[0]:.2f} to {ratios[-1]:.2f} in {len(rounds)} turns)"


def rate(what: str, ours: float, theirs: float, than: str) -> str:
    """Write a number per second, that of the thing beside it, and their ratio."""
    return f"{what:42} {ours:>8.0f}/s   {than} {theirs:>8.0f}/s   x {ours / theirs:.2f}"


def added(what: str, ours: float, theirs: float, than: str) -> str:
    """Write a duration, that of what it holds of other people's work, and what it adds to that."""
    return f"{what:42} {seconds(ours):>10}   {than} {seconds(theirs):>10}   + {seconds(max(0.0, ours - theirs))}"


def alone(what: str, value: str) -> str:
    """Write a figure that nothing stands beside."""
    return f"{what:42} {value:>10}"
