"""A tree on disk holds what the commit holds, and nothing of it reaches outside."""

import errno
import os
from collections.abc import Callable
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.adapters.git import Mirror
from orchestrator.adapters.git.objects import Objects
from orchestrator.adapters.git.tree import target_inside
from orchestrator.errors import Permanent, Temporary

LINK = 0o120000


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "tree"


@pytest.fixture
def lay_out(remote, mirror: Mirror, place: Path):
    """Push a tree to `main` and lay it out at `place`."""

    def lay_out(files):
        commit = remote.push("main", remote.commit(files))
        mirror.fetch()
        return mirror.lay_out(commit, place)

    return lay_out


def found_below(root: Path) -> set[str]:
    return {os.path.relpath(Path(top) / name, root) for top, dirs, files in os.walk(root) for name in (*dirs, *files)}


def test_files_directories_and_the_executable_bit_come_out(lay_out, place):
    big = os.urandom(1_000_000)
    notes = lay_out({"run.sh": (0o100755, b"#!/bin/sh"), "src/a/b.py": "x", "empty": "", "big": big})

    assert notes == ()
    assert found_below(place) == {"run.sh", "src", "src/a", "src/a/b.py", "empty", "big"}
    assert (place / "big").read_bytes() == big
    assert os.access(place / "run.sh", os.X_OK)
    assert not (place / "empty").stat().st_mode & 0o111


def test_attributes_of_the_branch_change_nothing(lay_out, place):
    files = {
        ".gitattributes": "a export-subst\nb export-ignore\nc text eol=crlf",
        "a": "$Format:%H$",
        "b": "x",
        "c": "1\n",
    }

    assert lay_out(files) == ()
    assert {name: (place / name).read_text() for name in files} == files


def test_no_trace_leads_back_to_the_mirror(lay_out, place, tmp_path):
    lay_out({"a": "1", ".gitmodules": "[submodule]", "githooks": "x"})

    assert ".git" not in found_below(place)
    assert not any(str(tmp_path / "mirror") in path.read_text() for path in place.iterdir())


def test_links_that_stay_inside_become_links(lay_out, place):
    assert (
        lay_out({"d/file": "text", "d/near": (LINK, b"file"), "up": (LINK, b"./d"), "d/e/top": (LINK, b"../../d/file")})
        == ()
    )
    assert (place / "d/near").read_text() == (place / "d/e/top").read_text() == "text"
    assert (place / "up").readlink() == Path("./d")


@pytest.mark.parametrize(
    "target",
    [
        b"/etc/passwd",
        b"..",
        b"../x",
        b"a/../../x",
        b"a/..",
        b"//etc",
        b"\0",
        b"x\0y",
        b"x" * 5000,
        b"../" * 50 + b"etc",
    ],
)
def test_links_that_may_lead_outside_are_left_out_with_one_line(lay_out, place, target):
    (note,) = lay_out({"link": (LINK, target), "d/file": "1"})

    assert note.startswith("link is left out: it is a link ")
    assert found_below(place) == {"d", "d/file"}


def test_links_that_climb_behind_another_link_are_left_out(lay_out, place):
    notes = lay_out({"d1/d2/top": (LINK, b"../.."), "out": (LINK, b"d1/d2/top/../../etc")})

    assert notes == ("out is left out: it is a link that may lead out of the tree",)


@given(
    st.lists(st.sampled_from(["a", "b", "dir"]), min_size=1, max_size=4),
    st.lists(st.sampled_from(["..", ".", "a", "dir", ""]), max_size=8),
)
def test_an_accepted_target_never_climbs_above_the_root(link, parts):
    target = target_inside(PurePosixPath(*link), "/".join(parts).encode())
    if target is not None:
        depth = len(link) - 1
        for part in target.split("/"):
            depth += {"..": -1, ".": 0, "": 0}.get(part, 1)
            assert depth >= 0


def test_submodules_and_lfs_pointers_are_left_out_with_one_line(lay_out, place):
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 5\n"
    notes = lay_out({"sub": (0o160000, b""), "model.bin": pointer, "kept": "1"})

    assert sorted(notes) == [
        "model.bin is left out: it is a Git LFS pointer, and LFS is not supported",
        "sub is left out: it is a submodule",
    ]
    assert found_below(place) == {"kept"}


@pytest.mark.parametrize("first", ["link", "tree"])
def test_nothing_is_written_through_a_link_of_the_same_name(remote, mirror, place, tmp_path, first):
    outside = tmp_path / "outside"
    outside.mkdir()
    link = b"120000 d\0" + bytes.fromhex(remote.blob(b"../outside"))
    below = b"40000 d\0" + bytes.fromhex(remote.tree({"x": "1"}))
    tree = remote.raw("tree", link + below if first == "link" else below + link)
    commit = remote.push("main", remote.git("commit-tree", tree, stdin=b"Evil").decode())
    mirror.fetch()

    assert len(mirror.lay_out(commit, place)) == 1
    assert list(outside.iterdir()) == []
    assert found_below(place) == {"d", "d/x"}


def test_a_name_that_the_disk_does_not_take_is_left_out(lay_out, place):
    notes = lay_out({"n" * 300: "1", "m" * 300 + "/x": "2", "kept": "3"})

    assert len(notes) == 3
    assert all(note.isprintable() and "is left out: " in note for note in notes)
    assert found_below(place) == {"kept"}


def test_hostile_names_stay_below_the_root(lay_out, place):
    names = {"-rf", "$(id)", "a\nb", "\udcff", "~", "back\\slash", "con", "\u202e"}

    assert lay_out(dict.fromkeys(names, "1")) == ()
    assert found_below(place) == names


def test_many_notes_are_cut_short(lay_out):
    notes = lay_out({f"link{number}": (LINK, b"/") for number in range(30)})

    assert len(notes) == 21
    assert notes[-1] == "and 10 more"


@pytest.mark.parametrize(
    ("limits", "line"),
    [({"tree_entries": 3}, "(process.tree_entries)"), ({"tree_bytes": 30}, "(process.tree_bytes)")],
)
def test_a_tree_over_a_limit_is_refused_before_anything_is_written(remote, make_mirror, place, limits, line):
    mirror = make_mirror(remote.path, **limits)
    commit = remote.push("main", remote.commit({f"file{number}": "x" * 10 for number in range(4)}))
    mirror.fetch()

    with pytest.raises(Permanent, match=line):
        mirror.lay_out(commit, place)
    assert not place.exists()


def test_a_tree_that_is_too_deep_is_refused(lay_out, place):
    with pytest.raises(Permanent, match="100 directories deep"):
        lay_out({"d/" * 101 + "x": "1"})
    assert not place.exists()


def test_a_directory_that_is_not_empty_is_refused_and_kept(lay_out, place):
    place.mkdir()
    (place / "mine").write_text("kept")

    with pytest.raises(Permanent, match="is not empty"):
        lay_out({"x": "1"})
    assert (place / "mine").read_text() == "kept"


def test_an_empty_directory_is_filled(lay_out, place):
    place.mkdir()

    assert lay_out({"x": "1"}) == ()
    assert (place / "x").read_text() == "1"


def test_a_disk_that_takes_no_more_leaves_nothing_behind(remote, lay_out, place, monkeypatch):
    """The full disk is a mock: a real one needs a file system of its own."""
    full, copy = remote.blob(b"1" * 2000), Objects.copy

    def copy_until_full(objects: Objects, object_id: str, write: Callable[[bytes], object]) -> None:
        if object_id == full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        copy(objects, object_id, write)

    monkeypatch.setattr(Objects, "copy", copy_until_full)

    with pytest.raises(Temporary, match=r"cannot lay out .*: No space left on device"):
        lay_out({"a": "2", "x": "1" * 2000})
    assert not place.exists()
