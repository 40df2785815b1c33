"""What led to the message that is being handled: a short text that everything sent meanwhile inherits.

In: `traced(text)` around a first send, or `adopt(text)` in a handler that finds out what its message belongs to. Out:
`current_trace()` in every handler that follows from it, by way of mailboxes and timers; empty where nothing was said.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

TRACE: ContextVar[str] = ContextVar("trace", default="")

current_trace = TRACE.get


def adopt(trace: str) -> None:
    """Let the rest of this handler, and what it sends, belong to a trace."""
    TRACE.set(trace)


@contextmanager
def traced(trace: str) -> Iterator[None]:
    """Let what is sent meanwhile belong to a trace."""
    token = TRACE.set(trace)
    try:
        yield
    finally:
        TRACE.reset(token)
