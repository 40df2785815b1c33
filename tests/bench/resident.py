"""How much memory a process and those that it started hold.

In: the number of a process. Out: resident bytes, what they share counted for each.
"""

import os
from pathlib import Path

_PAGE = os.sysconf("SC_PAGE_SIZE")


def resident(pid: int) -> int:
    """Add up the resident memory of a process and of all below it."""
    of_it = int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
    below = [int(child) for task in Path(f"/proc/{pid}/task").glob("*/children") for child in task.read_text().split()]
    return of_it + sum(map(resident, below))
