"""Somebody who asks a service again and again, with a new connection each time.

In: a URL. Out: how many answers came from each release, and every request that failed.
"""

import json
import threading
from collections import Counter
from types import TracebackType
from urllib.request import urlopen


class Visitor:
    """Asks from its start to its end."""

    def __init__(self, url: str) -> None:
        self._url = url
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
                with urlopen(f"{self._url}/ready", timeout=10) as answer:
                    self.answers[f"v{json.load(answer)['release']}"] += 1
            except OSError as error:
                self.failures.append(str(error))
