"""Read what a branch's head says about services: the subject of its commit and its Score files.

In: a commit and globs (`score.yaml`, `*/score.yaml`, `**/score.yaml`; `*` stays inside one directory). Out: for each
path that a glob names either its bytes or one line that says why it is not read. Nothing is checked out.
"""

import stat
from collections.abc import Sequence
from fnmatch import fnmatchcase

from orchestrator.adapters.git.heads import HeadContent
from orchestrator.adapters.git.objects import Entry, Objects
from orchestrator.adapters.git.options import GitOptions
from orchestrator.errors import Permanent

_REGULAR = (0o100644, 0o100755)
_MOST_FILES = 50

Pattern = tuple[str, ...]


def read_head(objects: Objects, commit: str, globs: Sequence[str], options: GitOptions) -> HeadContent:
    """Read one head; raises Permanent when the commit itself, a tree, or all files together break a limit."""
    found = objects.commit(commit)
    search = _Search(objects, options.tree_entries)
    search.walk(found.tree, frozenset(tuple(glob.split("/")) for glob in globs), "")
    if len(search.chosen) > _MOST_FILES:
        raise Permanent(f"{len(search.chosen)} files match {', '.join(globs)}; at most {_MOST_FILES} are read")
    reader = _Reader(objects, options)
    files = tuple((path, reader.read(entry)) for path, entry in search.sorted())
    return HeadContent(commit, found.subject, files)


def after(patterns: frozenset[Pattern], name: str) -> frozenset[Pattern]:
    """Take one step down: what is left of each pattern below an entry called `name`; an empty rest is a match."""
    rest: set[Pattern] = set()
    for pattern in patterns:
        if pattern[:1] == ("**",):
            below = pattern[1:]
            rest |= {pattern, *after(frozenset({below}), name)} if below else {pattern, ()}
        elif pattern and fnmatchcase(name, pattern[0]):
            rest.add(pattern[1:])
    return frozenset(rest)


class _Search:
    """Walks down only where a pattern may still match, and never past `left` entries."""

    def __init__(self, objects: Objects, most: int) -> None:
        self._objects = objects
        self._most = most
        self._looked_at = 0
        self.chosen: dict[str, Entry] = {}

    def sorted(self) -> tuple[tuple[str, Entry], ...]:
        return tuple(sorted(self.chosen.items()))

    def walk(self, tree: str, patterns: frozenset[Pattern], prefix: str) -> None:
        waiting = [(tree, patterns, prefix)]
        while waiting:
            tree, patterns, prefix = waiting.pop()
            for entry in self._entries(tree):
                path, rest = prefix + entry.name, after(patterns, entry.name)
                if () in rest:
                    self.chosen.setdefault(path, entry)
                if stat.S_ISDIR(entry.mode) and rest - {()}:
                    waiting.append((entry.id, rest - {()}, path + "/"))

    def _entries(self, tree: str) -> tuple[Entry, ...]:
        entries = self._objects.tree(tree)
        self._looked_at += len(entries) + 1
        if self._looked_at > self._most:
            raise Permanent(f"more than {self._most} files and directories to look through; use narrower globs")
        return entries


class _Reader:
    """Reads files until their sum reaches the limit of one head."""

    def __init__(self, objects: Objects, options: GitOptions) -> None:
        self._objects = objects
        self._each = options.score_bytes
        self._most = options.head_bytes
        self._left = options.head_bytes

    def read(self, entry: Entry) -> bytes | str:
        if entry.mode not in _REGULAR:
            return f"it is a {_kind(entry.mode)}; a Score file must be a regular file"
        size = self._objects.size(entry.id, "blob")
        if size > self._each:
            return f"it has {size} bytes; a Score file may have {self._each} (limits.score_bytes)"
        if size > self._left:
            most = f"may have {self._most} bytes together (limits.branch_bytes)"
            return f"it is not read: the Score files of one branch {most}"
        self._left -= size
        return self._objects.whole(entry.id, "blob")


def _kind(mode: int) -> str:
    kinds = {0o120000: "symbolic link", 0o160000: "submodule", 0o040000: "directory"}
    return kinds.get(mode & 0o170000, f"file of mode {mode:o}")
