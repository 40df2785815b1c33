"""One kind of objects, followed for as long as the daemon lives.

In: a watch on all objects of the kind that carry our label. Out: every object as it comes, changes or goes, and which
are there once all have been told. A watch that ends goes on where it was; one whose place is forgotten starts again and
tells all. A server that cannot be reached is asked ever less often, until it answers; one that is silent for too long,
as one may be of a kind to which nothing happens, is asked anew; one that cannot tell all in a watch is asked for a list
in pages first.
"""

import json
import logging
import random
import threading
import time
from typing import TYPE_CHECKING, Protocol
from urllib.parse import quote

from orchestrator.errors import AnabranchError
from orchestrator.runtimes.kubernetes.api import Api
from orchestrator.runtimes.kubernetes.connection import Request, Silent, chunks, end
from orchestrator.runtimes.kubernetes.failure import Expired, Unserved
from orchestrator.runtimes.kubernetes.kinds import Key, Kind, Object, key_of

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

_LOG = logging.getLogger(__name__)
_FIRST_PAUSE, _LONGEST_PAUSE = 0.8, 30.0
_QUIET = 60.0
_SILENCE = 85.0
_CLOSE_AFTER = 2.0
_PAGE = 500
_LASTS = (300, 600)
_INITIAL_END = "k8s.io/initial-events-end"


class Listener(Protocol):
    """Who is told, from the reflector's thread."""

    def changed(self, thing: Object, *, gone: bool) -> None:
        """Take an object, and whether it is gone."""

    def told_all(self, kind: Kind, there: set[Key], version: int) -> None:
        """Take the names of all objects of the kind that were there at this version."""


class Reflector:
    """A thread that watches one kind."""

    def __init__(self, api: Api, kind: Kind, selector: str, listener: Listener) -> None:
        self._api, self._kind, self._selector, self._listener = api, kind, selector, listener
        self._initial: set[Key] | None = None
        self._version = ""
        self._streams = True
        self._closed, self._hurry = threading.Event(), threading.Event()
        self.synced = threading.Event()
        self.trouble = ""
        self._open: BaseHTTPResponse | None = None
        self._thread = threading.Thread(target=self._run, name=f"watch-{kind.plural}", daemon=True)
        self._thread.start()

    @property
    def version(self) -> int:
        """The version up to which everything was told."""
        return int(self._version or 0)

    def hurry(self) -> None:
        """Wait no longer before the next try."""
        self._hurry.set()

    def close(self) -> None:
        """Follow no more."""
        self._closed.set()
        self.hurry()
        end(self._open)
        self._thread.join(_CLOSE_AFTER)

    def _run(self) -> None:
        pause = _FIRST_PAUSE
        while not self._closed.is_set():
            began = time.monotonic()
            try:
                self._watch()
            except Expired:
                self._version, pause = "", _FIRST_PAUSE
            except Unserved as error:
                if self._streams and not self._version:
                    self._streams = False
                    continue
                self._complain(str(error))
            except Silent:
                _LOG.debug("nothing was told of %s for %.0f s; asking anew", self._kind.plural, _SILENCE)
            except AnabranchError as error:
                self._complain(str(error))
            except Exception as error:  # a broken stream has many names
                self._complain(f"{type(error).__name__} while watching {self._kind.plural}")
            pause = _FIRST_PAUSE if time.monotonic() - began > _QUIET else min(_LONGEST_PAUSE, pause * 2)
            if self._hurry.wait(pause * random.uniform(0.5, 1)):  # noqa: S311 - spreads load
                self._hurry.clear()
                pause = _FIRST_PAUSE

    def _complain(self, line: str) -> None:
        if line != self.trouble and not self._closed.is_set():
            _LOG.warning("%s", line)
        self.trouble = line

    def _watch(self) -> None:
        if not self._version and not self._streams:
            self._list()
        lasts = random.randint(*_LASTS)  # noqa: S311 - spreads load
        where = f"{self._kind.path()}?watch=1&allowWatchBookmarks=true&timeoutSeconds={lasts}"
        where += f"&labelSelector={quote(self._selector)}&resourceVersion={self._version}"
        if not self._version:
            where += "&sendInitialEvents=true&resourceVersionMatch=NotOlderThan"
            self._initial = set()
        with self._api.stream(where, _SILENCE) as self._open:
            rest = b""
            for chunk in chunks(self._open):
                *lines, rest = (rest + chunk).split(b"\n")
                for line in lines:
                    self._hear(json.loads(line))
                if self._closed.is_set():
                    return

    def _list(self) -> None:
        """Tell all that is there, page by page."""
        self._initial, where = set(), f"{self._kind.path()}?limit={_PAGE}&labelSelector={quote(self._selector)}"
        page = self._api.once(Request("GET", where))
        while True:
            for thing in page["items"]:
                self._tell(thing, gone=False)
            if not (go_on := page["metadata"].get("continue")):
                break
            page = self._api.once(Request("GET", f"{where}&continue={quote(go_on)}"))
        version = page["metadata"]["resourceVersion"]
        self._told_all(int(version))
        self._version = version

    def _hear(self, event: Object) -> None:
        kind, thing = event["type"], event["object"]
        if kind == "ERROR":
            if thing.get("code") == 410:
                raise Expired(f"the place in {self._kind.plural} is forgotten")
            raise ConnectionError(str(thing.get("reason")))
        metadata = thing["metadata"]
        if kind == "BOOKMARK":
            if metadata.get("annotations", {}).get(_INITIAL_END) == "true":
                self._told_all(int(metadata["resourceVersion"]))
        else:
            self._tell(thing, gone=kind == "DELETED")
        if self._initial is None:
            self._version = metadata["resourceVersion"]

    def _tell(self, thing: Object, *, gone: bool) -> None:
        thing.setdefault("kind", self._kind.name)
        if self._initial is not None:
            self._initial.add(key_of(thing))
        self._listener.changed(thing, gone=gone)

    def _told_all(self, version: int) -> None:
        there, self._initial = self._initial or set(), None
        self._listener.told_all(self._kind, there, version)
        self.trouble = ""
        self.synced.set()
