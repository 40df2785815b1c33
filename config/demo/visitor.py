"""Somebody who asks a service again and again.

In: a way to ask who answers. Out: how many answers came from each release, and every time that nobody answered.
"""

import threading
from collections import Counter
from collections.abc import Callable
from types import TracebackType

from ground import Answer


class Visitor:
    """Asks from its start to its end."""

    def __init__(self, ask: Callable[[], Answer]) -> None:
        self._ask_once = ask
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._ask, daemon=True)
        self.answers: Counter[str] = Counter()
        self.failures: list[str] = []

    def __enter__(self) -> "Visitor":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def _ask(self) -> None:
        while not self._ended.is_set():
            try:
                self.answers[f"v{self._ask_once()['release']}"] += 1
            except OSError as error:
                self.failures.append(str(error))
