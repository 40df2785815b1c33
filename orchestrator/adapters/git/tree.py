"""Lay the tree of a commit out as files, for services that run as local processes.

In: a commit and a fresh directory. Out: files and directories, links that stay inside, and one line for each entry that
was left out. Limits are checked before the first byte is written. Links are made last, so nothing is written through
one. Nothing in the result leads back to the mirror, and no attribute of the branch has a say.
"""

import errno
import os
import stat
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from orchestrator.adapters.git.objects import Entry, Objects
from orchestrator.adapters.git.options import GitOptions
from orchestrator.adapters.git.room import remove
from orchestrator.domain.text import printable
from orchestrator.errors import AnabranchError, Permanent, Temporary

_DEEPEST = 100
_LONGEST_TARGET = 4096
_LARGEST_POINTER = 1024
_POINTER = b"version https://git-lfs.github.com/spec/"
_MOST_NOTES = 20


@dataclass(frozen=True, slots=True)
class _Item:
    path: PurePosixPath
    entry: Entry
    size: int = 0


def lay_out(objects: Objects, commit: str, directory: Path, options: GitOptions) -> tuple[str, ...]:
    """Write the tree of a commit into `directory`, which must be new or empty.

    Raises Permanent when the tree breaks a limit, Temporary when the disk does not take it.
    """
    items = _plan(objects, objects.commit(commit).tree, options)
    _make_fresh(directory)
    try:
        notes = _Writer(objects, directory).write(items)
    except OSError as error:
        remove(directory)
        raise Temporary(f"cannot lay out {commit[:12]} in {directory}: {error.strerror}") from error
    except AnabranchError:
        remove(directory)
        raise
    return notes if len(notes) <= _MOST_NOTES else (*notes[:_MOST_NOTES], f"and {len(notes) - _MOST_NOTES} more")


def target_inside(link: PurePosixPath, target: bytes) -> str | None:
    """Give a link's target back if it stays below the root whatever the other links are, or None.

    `..` counts at the beginning only: behind the name of another link it would climb from where that one leads.
    """
    text = os.fsdecode(target)
    parts = [part for part in text.split("/") if part not in ("", ".")]
    climbs = next((at for at, part in enumerate(parts) if part != ".."), len(parts))
    escapes = climbs > len(link.parts) - 1 or ".." in parts[climbs:]
    if not text or text.startswith("/") or "\0" in text or len(target) > _LONGEST_TARGET or escapes:
        return None
    return text


def _make_fresh(directory: Path) -> None:
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        taken = any(directory.iterdir())
    except OSError as error:
        raise Temporary(f"cannot make {directory}: {error.strerror}") from error
    if taken:
        raise Permanent(f"{directory} is not empty; a tree is laid out in a fresh directory")


def _plan(objects: Objects, tree: str, options: GitOptions) -> tuple[_Item, ...]:
    items: list[_Item] = []
    waiting = [(tree, PurePosixPath())]
    left = options.tree_bytes
    while waiting:
        tree, parent = waiting.pop()
        for entry in objects.tree(tree):
            item = _Item(parent / entry.name, entry, _size(objects, entry))
            items.append(item)
            left -= item.size
            _check(len(items), left, item.path, options)
            if stat.S_ISDIR(entry.mode):
                waiting.append((entry.id, item.path))
    return tuple(items)


def _size(objects: Objects, entry: Entry) -> int:
    return objects.size(entry.id, "blob") if stat.S_ISREG(entry.mode) or stat.S_ISLNK(entry.mode) else 0


def _check(count: int, left: int, path: PurePosixPath, options: GitOptions) -> None:
    if count > options.tree_entries:
        raise Permanent(f"the tree has more than {options.tree_entries} files and directories (process.tree_entries)")
    if left < 0:
        raise Permanent(f"the files of the tree have more than {options.tree_bytes} bytes (process.tree_bytes)")
    if len(path.parts) > _DEEPEST:
        raise Permanent(f"{printable(str(path), 80)} is more than {_DEEPEST} directories deep")


class _Writer:
    """Writes a plan below one root and collects a line for each entry that is left out."""

    def __init__(self, objects: Objects, root: Path) -> None:
        self._objects = objects
        self._root = root
        self._notes: list[str] = []

    def write(self, items: tuple[_Item, ...]) -> tuple[str, ...]:
        links = [item for item in items if stat.S_ISLNK(item.entry.mode)]
        for item in items:
            if not stat.S_ISLNK(item.entry.mode):
                self._try(item)
        for item in links:
            self._try(item)
        return tuple(self._notes)

    def _try(self, item: _Item) -> None:
        try:
            why = self._place(item)
        except (FileExistsError, FileNotFoundError, NotADirectoryError):
            why = "its place is taken, or its directory was left out"
        except OSError as error:
            if error.errno != errno.ENAMETOOLONG:
                raise
            why = "its name is too long"
        if why:
            self._notes.append(f"{printable(str(item.path), 200)} is left out: {why}")

    def _place(self, item: _Item) -> str:
        mode, place = item.entry.mode, self._root / item.path
        if stat.S_ISDIR(mode):
            place.mkdir()
            return ""
        if stat.S_ISLNK(mode):
            return self._link(item, place)
        if mode not in (0o100644, 0o100755):
            return "it is a submodule" if mode == 0o160000 else f"its mode is {mode:o}"
        return self._file(item, place)

    def _file(self, item: _Item, place: Path) -> str:
        if item.size <= _LARGEST_POINTER and self._is_pointer(item):
            return "it is a Git LFS pointer, and LFS is not supported"
        permissions = 0o755 if item.entry.mode == 0o100755 else 0o644
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        with os.fdopen(os.open(place, flags, permissions), "wb") as file:
            self._objects.copy(item.entry.id, file.write)
        return ""

    def _is_pointer(self, item: _Item) -> bool:
        return self._objects.read(item.entry.id, "blob", _LARGEST_POINTER).startswith(_POINTER)

    def _link(self, item: _Item, place: Path) -> str:
        if item.size > _LONGEST_TARGET:
            return "it is a link with an overlong target"
        target = target_inside(item.path, self._objects.read(item.entry.id, "blob", _LONGEST_TARGET))
        if target is None:
            return "it is a link that may lead out of the tree"
        place.symlink_to(target)
        return ""
