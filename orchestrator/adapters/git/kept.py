"""The objects of a repository that were read last: branches that move together share most of theirs.

In: whole objects, which never change under their id. Out: the same again. When there are too many it begins anew.
"""

_MOST = 1024 * 1024


class Kept:
    """At most 1 MiB of objects, by id and kind (`commit`, `tree`, `blob`); for one thread at a time."""

    def __init__(self) -> None:
        self._objects: dict[tuple[str, str], bytes] = {}
        self._bytes = 0

    def get(self, object_id: str, kind: str) -> bytes | None:
        """Give an object, if it is kept."""
        return self._objects.get((object_id, kind))

    def put(self, object_id: str, kind: str, data: bytes) -> None:
        """Keep an object that is not kept yet, unless it is too large."""
        if len(data) > _MOST:
            return
        if self._bytes + len(data) > _MOST:
            self._objects.clear()
            self._bytes = 0
        self._objects[object_id, kind] = data
        self._bytes += len(data)
