"""Ctrl-C and SIGTERM, which cut the story short, held back for a moment.

In: a block of code that must be run whole. Out: KeyboardInterrupt afterwards, when whoever ends what the block started
knows of it.
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

_ENDS = (signal.SIGINT, signal.SIGTERM)


def cut_short_by_signals() -> None:
    """Let either signal raise KeyboardInterrupt."""
    for number in _ENDS:
        signal.signal(number, signal.default_int_handler)


@contextmanager
def held_back() -> Iterator[None]:
    """Run a block whole; raises KeyboardInterrupt after it if a signal came meanwhile."""
    came: list[int] = []
    before = {number: signal.signal(number, lambda number, _: came.append(number)) for number in _ENDS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if came:
        raise KeyboardInterrupt
