"""The lines of one pod, as the kubelet gives them, with the time of each.

In: a pod of a release. Out: LogLines; closing them from another thread ends the wait for the next one.
"""

import threading
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from orchestrator.domain.text import printable
from orchestrator.errors import AnabranchError, Temporary
from orchestrator.runtimes import LogLine
from orchestrator.runtimes.kubernetes import labels
from orchestrator.runtimes.kubernetes.api import Api
from orchestrator.runtimes.kubernetes.connection import chunks, end, whole
from orchestrator.runtimes.kubernetes.kinds import Object, key_of, path_of
from orchestrator.runtimes.kubernetes.live import release_of

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

_LONGEST_LINE = 16 * 1024
_SILENCE = 3600.0
_LAST_WITHIN = 5.0


def last_lines(api: Api, pod: Object, tail: int) -> tuple[str, ...]:
    """Give the last lines of a pod's last life; none when they cannot be had."""
    statuses = pod.get("status", {}).get("containerStatuses", [])
    broken = next((s for s in statuses if not s.get("ready")), None)
    if broken is None:
        return ()
    ended = "terminated" in broken.get("lastState", {})
    try:
        path = _path(pod, broken["name"], tail, follow=False)
        with api.stream(f"{path}&previous=true" if ended else path, _LAST_WITHIN) as response:
            return tuple(_parse(line)[1] for line in whole(response).splitlines())
    except AnabranchError:
        return ()


class PodLines(Iterator[LogLine]):
    """The last `tail` lines of a pod's first container, then new ones while `follow`."""

    def __init__(self, api: Api, pod: Object, *, tail: int, follow: bool) -> None:
        self._pod = pod
        self._closed = threading.Event()
        self._response: BaseHTTPResponse | None = None
        self._lines = self._read(api, _path(pod, pod["spec"]["containers"][0]["name"], tail, follow=follow))

    def __next__(self) -> LogLine:
        return next(self._lines)

    def close(self) -> None:
        """End the lines."""
        self._closed.set()
        end(self._response)

    def _read(self, api: Api, path: str) -> Iterator[LogLine]:
        with api.stream(path, _SILENCE) as self._response:
            rest = b""
            for chunk in self._chunks(self._response):
                *lines, rest = (rest + chunk).split(b"\n")
                yield from map(self._line, lines)
                if len(rest) > _LONGEST_LINE:
                    yield self._line(rest)
                    rest = b""
            if rest:
                yield self._line(rest)

    def _chunks(self, response: "BaseHTTPResponse") -> Iterator[bytes]:
        try:
            for chunk in chunks(response):
                if self._closed.is_set():
                    return
                yield chunk
        except Temporary:
            if not self._closed.is_set():
                raise

    def _line(self, line: bytes) -> LogLine:
        scope = (labels.label(self._pod, labels.ENVIRONMENT), labels.label(self._pod, labels.SERVICE))
        return LogLine(*scope, release_of(self._pod), *_parse(line))


def _path(pod: Object, container: str, tail: int, *, follow: bool) -> str:
    query = f"container={container}&tailLines={max(tail, 0)}&timestamps=true" + ("&follow=true" if follow else "")
    return f"{path_of(key_of(pod))}/log?{query}"


def _parse(line: bytes) -> tuple[float, str]:
    stamp, _, text = line.decode(errors="replace").partition(" ")
    try:
        at = datetime.fromisoformat(stamp).timestamp()
    except ValueError:
        at, text = 0.0, line.decode(errors="replace")
    return at, printable(text, _LONGEST_LINE)
