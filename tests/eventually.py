"""Wait for what nobody announces.

In: a question that is asked again and again, and a deadline. Out: the first answer that is true, or a failed test.
"""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

DEADLINE = 20.0
T = TypeVar("T")


def eventually(ask: Callable[[], T], what: str = "it", deadline: float = DEADLINE) -> T:
    """Ask again until the answer is true; fail after so many seconds."""
    pause, end = threading.Event(), time.monotonic() + deadline
    while True:
        if found := ask():
            return found
        assert time.monotonic() < end, f"{what} did not come true within {deadline} s"
        pause.wait(0.02)
