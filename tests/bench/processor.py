"""How much CPU a process and those that it started have used.

In: the number of a process. Out: seconds of those that still run.
"""

import os
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def used(pid: int) -> float:
    """Read what one process has used, in user and in kernel mode."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def used_with_all_below(pid: int) -> float:
    """Add up what a process has used, and all below it."""
    below = [int(child) for task in Path(f"/proc/{pid}/task").glob("*/children") for child in task.read_text().split()]
    return used(pid) + sum(map(used_with_all_below, below))
