"""The way to the apiserver: every request, its retries, and what its answer means.

In: paths and JSON. Out: the live object, or one of Anabranch's errors. Whoever writes must be permitted to at that very
moment, by `permit`, and every object says in which epoch it was written: where the admission policies are installed,
the apiserver refuses what a daemon sends that has lost its lease without knowing it. Requests are tried again here and
nowhere else, for a few seconds; so many at once as keep an apiserver busy, others wait their turn.
"""

import json
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from orchestrator.errors import AnabranchError, NotFound, Temporary
from orchestrator.runtimes.kubernetes import labels
from orchestrator.runtimes.kubernetes.connection import APPLY, MERGE, Connection, Request, Silent, whole
from orchestrator.runtimes.kubernetes.failure import failure, is_contended, is_outdated, is_transient, lacks_right
from orchestrator.runtimes.kubernetes.kinds import Object, key_of, path_of
from orchestrator.runtimes.kubernetes.places import Places

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

MANAGER = "anabranch"
"""Our name in the fields that we own; under another one they would all be left behind."""

_PATIENCE = 8.0
_SETTLING = 8
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 2.0
_SOON = 0.01
_AT_ONCE = 8


class Api:
    """Asks and writes; any thread may call. `permit` gives the epoch, or raises when this process may not write."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._closed = threading.Event()
        self._places = Places(_AT_ONCE)
        self.give_way = self._places.give_way
        self.permit: Callable[[], int] = lambda: 0

    def get(self, path: str) -> Object:
        """Read an object. Raises NotFound."""
        return self._ask(lambda: Request("GET", path))

    def apply(self, path: str, thing: Object, acting_as: str = "") -> Object:
        """Make an object as asked in all fields that are ours; gives the live one."""
        how = f"{path}?fieldManager={MANAGER}&force=true&fieldValidation=Strict"

        def patch(epoch: int) -> Request:
            body = json.dumps(labels.stamped(thing, epoch)).encode()
            return Request("PATCH", how, body, APPLY, acting_as, conditional="resourceVersion" in thing["metadata"])

        return self._write(patch)

    def create(self, path: str, thing: Object) -> Object | None:
        """Make an object that must not be there yet; None when it is."""
        where = f"{path}?fieldManager={MANAGER}"
        return self._write(lambda epoch: Request("POST", where, labels.stamped(thing, epoch)), 409) or None

    def delete(self, thing: Object, acting_as: str = "") -> None:
        """Delete this very object, in the background what it owns; one that is gone, or another one, is left alone.

        One of an earlier epoch is written first: only what is of this epoch may be deleted in it. Of one that cannot
        be read the name is enough, which then has to be its alone.
        """
        path, uid = path_of(key_of(thing)), thing["metadata"].get("uid")
        only = {"uid": uid} if uid else {}
        body = {"propagationPolicy": "Background", "preconditions": only}
        if labels.annotation(thing, labels.EPOCH) != str(self.permit()):
            mark = {"metadata": only}
            self._write(lambda epoch: Request("PATCH", path, labels.stamped(mark, epoch), MERGE, acting_as), 404, 409)
        self._write(lambda _: Request("DELETE", path, body, acting_as=acting_as), 404, 409)

    def once(self, request: Request, *allowed: int) -> Object:
        """Send a request once, permitted or not; an answer with an `allowed` status is empty."""
        response = self._connection.send(request)
        return _result(request, response.status, _json(whole(response)), allowed)

    @contextmanager
    def stream(self, path: str, read: float) -> Iterator["BaseHTTPResponse"]:
        """Open an answer that is read as it comes; `read` seconds of silence end it."""
        request = Request("GET", path, read=read)
        response = self._connection.send(request)
        try:
            if response.status != 200:
                raise failure(request.what, response.status, _json(whole(response)))
            yield response
        except Silent:
            self._connection.drop_idle()
            raise
        finally:
            response.close()

    def close(self) -> None:
        """Try nothing again from now on, and close every connection."""
        self._closed.set()
        self._connection.close()

    def _write(self, make: Callable[[int], Request], *allowed: int) -> Object:
        return self._ask(lambda: make(self.permit()), *allowed)

    def _ask(self, make: Callable[[], Request], *allowed: int) -> Object:
        give_up, tries = time.monotonic() + _PATIENCE, 0
        while True:
            with self._places.place():
                request = make()
                answer = self._send(request)
            tries += 1
            pause = _pause(_FIRST_PAUSE, tries)
            if isinstance(answer, Temporary):
                error: AnabranchError = answer
            else:
                response, body = answer
                contended = not request.conditional and is_contended(response.status, body)
                unknown = request.acting_as and lacks_right(response.status, body)
                settling = contended or unknown or is_outdated(response.status, body)
                if settling and tries <= _SETTLING:
                    pause = _pause(_SOON, tries)
                elif not is_transient(response.status, body):
                    return _result(request, response.status, body, () if contended else allowed)
                error, pause = failure(request.what, response.status, body), max(pause, _retry_after(response))
            if time.monotonic() + pause > give_up or self._closed.wait(pause):
                raise error

    def _send(self, request: Request) -> "tuple[BaseHTTPResponse, Object] | Temporary":
        try:
            response = self._connection.send(request)
            return response, _json(whole(response))
        except Temporary as unanswered:
            return unanswered


def _pause(first: float, tries: int) -> float:
    return min(_LONGEST_PAUSE, first * 2.0**tries) * random.uniform(0.5, 1)  # noqa: S311 - spreads load


def _result(request: Request, status: int, body: Object, allowed: tuple[int, ...]) -> Object:
    if 200 <= status < 300:
        return body
    if status in allowed:
        return {}
    if status == 404 and request.method == "GET":
        raise NotFound(f"{request.what}: not found")
    raise failure(request.what, status, body)


def _retry_after(response: "BaseHTTPResponse") -> float:
    text = response.headers.get("Retry-After", "")
    return float(text) if text.isdigit() else 0.0


def _json(data: bytes) -> Object:
    try:
        body = json.loads(data or b"{}")
    except ValueError:
        body = {"message": data[:200].decode(errors="replace")}
    return body if isinstance(body, dict) else {}
