"""Actor sources loaded while the system runs, known by the MD5 of their file, as Thespian defines it.

Files flow in; they count only once the registered authority has validated them. Watchers are told of each change.
"""

import logging
import sys
from hashlib import md5
from pathlib import Path
from threading import Lock
from typing import BinaryIO, Protocol

from thespian.actors import ActorAddress, LoadedSource, UnloadedSource, ValidatedSource, ValidateSource
from thespian.system.sourceLoader import SourceHashFinder

log = logging.getLogger(__name__)


class Post(Protocol):
    """How messages leave from here: target and message, sent in the system's name."""

    def __call__(self, target: ActorAddress, message: object) -> None:
        """Send."""


class Sources:
    """`loaded` maps each hash to its zip file."""

    def __init__(self, post: Post) -> None:
        self._post = post
        self._lock = Lock()
        self.loaded: dict[str, bytes] = {}
        self.authority: ActorAddress | None = None
        self._watchers: dict[str, ActorAddress] = {}

    def watchers(self) -> tuple[ActorAddress, ...]:
        """Who is told of changes."""
        with self._lock:
            return tuple(self._watchers.values())

    def set_authority(self, address: ActorAddress) -> None:
        """Let this actor decide from here on."""
        self.authority = address

    def watch(self, address: ActorAddress, enable: bool) -> None:
        """Begin or cease to tell an actor; it hears at once of what is there already."""
        with self._lock:
            self._watchers.pop(address.actorAddressString, None)
            if enable:
                self._watchers[address.actorAddressString] = address
            known = tuple(self.loaded) if enable else ()
        for source_hash in known:
            self._post(address, LoadedSource(source_hash, ""))

    def forget(self, address: ActorAddress) -> None:
        """Drop an actor that has ended."""
        with self._lock:
            self._watchers.pop(address.actorAddressString, None)
            if self.authority is address:
                self.authority = None

    def offer(self, file: str | BinaryIO) -> str:
        """Send a file to the authority, if there is one; return its hash. OSError when it cannot be read."""
        data = Path(file).read_bytes() if isinstance(file, str) else file.read()
        source_hash = md5(data, usedforsecurity=False).hexdigest()
        if self.authority is not None:
            self._post(self.authority, ValidateSource(source_hash, data))
        return source_hash

    def accept(self, validated: ValidatedSource, sender: ActorAddress) -> None:
        """Load what the authority has validated; anybody else's word, a refusal and a broken file change nothing."""
        if sender != self.authority or not validated.sourceZip or not _is_readable(validated):
            return
        with self._lock:
            self.loaded[validated.sourceHash] = validated.sourceZip
        self._tell_watchers(LoadedSource(validated.sourceHash, ""))

    def unload(self, source_hash: str) -> None:
        """Take a source away; actors built from it live on, but cannot import more of it."""
        with self._lock:
            known = self.loaded.pop(source_hash, None)
        if known is not None:
            self._tell_watchers(UnloadedSource(source_hash, ""))
            _drop_modules(source_hash)

    def unload_all(self) -> None:
        """Take all sources away."""
        for source_hash in tuple(self.loaded):
            self.unload(source_hash)

    def _tell_watchers(self, news: LoadedSource | UnloadedSource) -> None:
        for watcher in self.watchers():
            self._post(watcher, news)


def _is_readable(source: ValidatedSource) -> bool:
    try:
        SourceHashFinder(source.sourceHash, lambda data: data, source.sourceZip or b"").getZipNames()
    except Exception as error:
        log.warning("source %s is not readable: %s", source.sourceHash, type(error).__name__)
        return False
    return True


def _drop_modules(source_hash: str) -> None:
    for finder in [each for each in sys.meta_path if getattr(each, "srcHash", None) == source_hash]:
        sys.meta_path.remove(finder)
        root = f"{{{{{source_hash}}}}}"
        for name in [name for name in sys.modules if name.startswith(root)]:
            del sys.modules[name]
