"""The Score files of a commit are found by glob and read by mode, without a checkout."""

from pathlib import Path

import pytest

from orchestrator.adapters.git import Mirror
from orchestrator.adapters.git.head import after
from orchestrator.errors import Permanent

GLOBS = ["score.yaml", "*/score.yaml"]


@pytest.fixture
def read(remote, mirror: Mirror):
    """Push a tree to `main` and read the head of it."""

    def read(files, globs=GLOBS, message="Change"):
        commit = remote.push("main", remote.commit(files, message))
        mirror.fetch()
        return mirror.read_head(commit, globs)

    return read


def test_files_are_found_where_the_globs_look_and_nowhere_else(read):
    files = {"score.yaml": "1", "web/score.yaml": "2", "a/b/score.yaml": "3", "web/other.yaml": "4", "xscore.yaml": "5"}

    assert read(files).files == (("score.yaml", b"1"), ("web/score.yaml", b"2"))


def test_a_double_star_looks_at_every_depth(read):
    files = {"score.yaml": "1", "a/b/c/score.yaml": "2", "a/b/score.yml": "3"}

    assert read(files, ["**/score.yaml"]).files == (("a/b/c/score.yaml", b"2"), ("score.yaml", b"1"))


def test_a_file_that_two_globs_name_is_read_once(read):
    assert read({"a/score.yaml": "1"}, ["*/score.yaml", "**/score.yaml"]).files == (("a/score.yaml", b"1"),)


@pytest.mark.parametrize(
    ("glob", "path", "matches"),
    [
        ("score.yaml", "score.yaml", True),
        ("*.yaml", "a/x.yaml", False),
        ("**", "a/b", True),
        ("a/**/c", "a/c", True),
        ("a/**/c", "a/b/b/c", True),
        ("a/**/c", "b/c", False),
        ("[ab]/?", "b/x", True),
        ("a", "A", False),
    ],
)
def test_globs_match_directory_by_directory(glob, path, matches):
    left = frozenset({tuple(glob.split("/"))})
    for name in path.split("/"):
        left = after(left, name)
    assert (() in left) == matches


def test_a_commit_without_a_score_file_has_none(read):
    assert read({"README": "hello"}).files == ()
    assert read({}).files == ()


def test_an_executable_score_file_is_read(read):
    assert read({"score.yaml": (0o100755, b"1")}).files == (("score.yaml", b"1"),)


@pytest.mark.parametrize(
    ("mode", "data", "kind"),
    [(0o120000, b"/etc/passwd", "symbolic link"), (0o160000, b"", "submodule")],
)
def test_a_link_and_a_submodule_are_refused_and_spoil_nothing_else(read, mode, data, kind):
    content = read({"score.yaml": (mode, data), "web/score.yaml": "2"})

    assert content.files == (
        ("score.yaml", f"it is a {kind}; a Score file must be a regular file"),
        ("web/score.yaml", b"2"),
    )


def test_a_directory_called_like_a_score_file_is_refused(read):
    assert read({"score.yaml/x": "1"}).files == (
        ("score.yaml", "it is a directory; a Score file must be a regular file"),
    )


def test_a_linked_directory_is_not_looked_into(read):
    assert read({"real/x": "1", "web": (0o120000, b"../../elsewhere")}).files == ()


def test_a_file_over_the_limit_is_refused_by_its_size(remote, make_mirror):
    mirror = make_mirror(remote.path, score_bytes=10, head_bytes=15)
    commit = remote.push(
        "main", remote.commit({"score.yaml": "x" * 11, "a/score.yaml": "y" * 9, "b/score.yaml": "z" * 9})
    )
    mirror.fetch()

    assert mirror.read_head(commit, GLOBS).files == (
        ("a/score.yaml", b"y" * 9),
        (
            "b/score.yaml",
            "it is not read: the Score files of one branch may have 15 bytes together (limits.branch_bytes)",
        ),
        ("score.yaml", "it has 11 bytes; a Score file may have 10 (limits.score_bytes)"),
    )


def test_too_many_score_files_are_refused(read):
    with pytest.raises(Permanent, match=r"51 files match .*; at most 50 are read"):
        read({f"d{number}/score.yaml": "1" for number in range(51)})


def test_a_tree_of_endless_directories_is_left_at_the_limit(remote, make_mirror):
    mirror = make_mirror(remote.path, tree_entries=1000)
    tree = remote.tree({"score.yaml": "1"})
    for _ in range(20):
        tree = remote.git(
            "mktree", stdin=b"".join(f"040000 tree {tree}\t{name}\n".encode() for name in "abcdefghij")
        ).decode()
    bomb = remote.push("main", remote.git("commit-tree", tree, stdin=b"Bomb").decode())
    mirror.fetch()

    with pytest.raises(Permanent, match="more than 1000 files and directories"):
        mirror.read_head(bomb, ["**/score.yaml"])
    with pytest.raises(Permanent, match="more than 1000 files and directories"):
        mirror.lay_out(bomb, Path(mirror.name))


@pytest.mark.parametrize(
    ("message", "subject"),
    [
        ("One\n\nTwo", "One"),
        ("\n\n  Late  \nNext", "Late"),
        ("", ""),
        ("x" * 300, "x" * 199 + "…"),
        ("red \x1b[31m \u202e bell\x07", "red \\x1b[31m \\u202e bell\\x07"),
        ("żółw", "żółw"),
    ],
)
def test_the_subject_is_one_visible_line(read, message, subject):
    found = read({}, message=message).subject

    assert found == subject
    assert len(found) <= 200


@pytest.mark.parametrize("encoding", ["latin-1", "rot13", "no such encoding", "utf-7"])
def test_a_commit_in_a_strange_encoding_is_read(remote, mirror, encoding):
    tree = remote.tree({"score.yaml": "1"})
    who = "A <a@example.org> 1700000000 +0000"
    data = f"tree {tree}\nauthor {who}\ncommitter {who}\nencoding {encoding}\n\nh".encode() + b"\xe9llo"
    commit = remote.push("main", remote.raw("commit", data))
    mirror.fetch()

    content = mirror.read_head(commit, GLOBS)

    assert (content.subject, content.files) == ("h\ufffdllo", (("score.yaml", b"1"),))


@pytest.mark.parametrize("name", [b".git", b"..", b".", b"git~1", b".GIT", "\u200c.git".encode()])
def test_a_tree_with_a_name_that_means_git_itself_is_refused_and_costs_no_clone(remote, mirror, tmp_path, name):
    blob = bytes.fromhex(remote.blob(b"[core]"))
    tree = remote.raw("tree", b"100644 " + name + b"\0" + blob)
    commit = remote.push("main", remote.git("commit-tree", tree, stdin=b"Evil").decode())
    mirror.fetch()
    inode = (tmp_path / "mirror/git").stat().st_ino

    with pytest.raises(Permanent, match=r"tree \w{12} is refused: ") as caught:
        mirror.read_head(commit, GLOBS)
    with pytest.raises(Permanent):
        mirror.lay_out(commit, tmp_path / "tree")
    assert str(caught.value).isprintable()
    assert not (tmp_path / "tree").exists()
    assert (tmp_path / "mirror/git").stat().st_ino == inode


def test_paths_that_are_not_text_are_read_and_kept_apart(read):
    files = {"d\udcff/score.yaml": "1", "d\n/score.yaml": "2", "d\u202e/score.yaml": "3"}

    assert dict(read(files).files) == {path: data.encode() for path, data in files.items()}


def test_a_branch_that_points_to_something_else_than_a_commit_is_refused(remote, mirror):
    good = remote.push("main", remote.commit({"score.yaml": "1"}))
    blob = remote.blob(b"just text")
    (remote.path / "refs/heads/odd").write_text(blob + "\n")
    mirror.fetch()

    with pytest.raises(Permanent, match=r"object \w{12} is a blob, not a commit"):
        mirror.read_head(blob, GLOBS)
    assert mirror.read_head(good, GLOBS).files == (("score.yaml", b"1"),)
