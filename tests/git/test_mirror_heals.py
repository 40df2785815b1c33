"""A broken mirror works again within two cycles; a broken remote costs nothing that was there."""

import fcntl
import os
import shutil
import threading
from pathlib import Path

import pytest

from orchestrator.adapters.git import Mirror
from orchestrator.errors import Temporary

FILES = {"score.yaml": "1", "src/main.py": "print()"}


@pytest.fixture
def head(remote, mirror: Mirror) -> str:
    """The commit of `main`, fetched."""
    commit = remote.push("main", remote.commit(FILES))
    mirror.fetch()
    return commit


def reads(mirror: Mirror, commit: str, place: Path) -> None:
    """Assert that head and tree can be read."""
    assert mirror.read_head(commit, ["score.yaml"]).files == (("score.yaml", b"1"),)
    mirror.lay_out(commit, place)
    assert (place / "src/main.py").read_text() == "print()"


@pytest.mark.parametrize("lock", ["packed-refs.lock", "HEAD.lock", "refs/anabranch/heads/main.lock", "config.lock"])
@pytest.mark.parametrize("reopened", [True, False])
def test_a_stale_lock_does_not_stop_the_next_fetch(remote, mirror, head, clone_path, lock, reopened):
    (clone_path / lock).parent.mkdir(parents=True, exist_ok=True)
    (clone_path / lock).write_text("")
    if reopened:
        mirror.close()
        mirror.open()
        assert not (clone_path / lock).exists()
    remote.push("side", head)
    new = remote.push("main", remote.commit({"score.yaml": "2"}))

    assert mirror.fetch() == (("main", new), ("side", head))


def test_what_a_killed_fetch_left_is_swept_at_the_start(remote, mirror, head, clone_path):
    left = [clone_path / "objects/pack/tmp_pack_x", clone_path / "objects/tmp_objdir-incoming-y/pack/tmp_idx_z"]
    for file in left:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"x")
    mirror.close()
    mirror.open()

    assert not any(file.exists() for file in left)
    assert mirror.known() == (("main", head),)


def test_a_half_clone_is_thrown_away_at_the_start(remote, mirror, head, clone_path, tmp_path):
    mirror.close()
    half = clone_path.parent / "new"
    shutil.copytree(clone_path, half)
    shutil.rmtree(clone_path / "objects")
    mirror.open()

    assert not half.exists()
    assert mirror.known() == ()
    assert mirror.fetch() == (("main", head),)
    reads(mirror, head, tmp_path / "tree")


def damage_objects(clone: Path, how: str) -> None:
    """Break every object of a clone."""
    for file in (path for path in (clone / "objects").rglob("*") if path.is_file()):
        file.chmod(0o600)
        if how == "zeroed":
            file.write_bytes(b"")
        elif how == "gone":
            file.unlink()
        else:
            os.truncate(file, file.stat().st_size // 2)


@pytest.mark.parametrize("how", ["zeroed", "truncated", "gone"])
@pytest.mark.parametrize("packed", [True, False])
def test_broken_objects_are_replaced_while_a_head_is_read(remote, mirror, head, clone_path, tmp_path, how, packed):
    if packed:
        remote.git("repack", "-adq", at=str(clone_path))
        for pack in (remote.path / "objects").glob("pack/*"):
            shutil.copy(pack, clone_path / "objects/pack")
    damage_objects(clone_path, how)

    reads(mirror, head, tmp_path / "tree")
    assert mirror.known() == (("main", head),)
    assert not mirror.lacks(mirror.heads())


@pytest.mark.parametrize("name", ["refs/anabranch/heads/main", "HEAD", "config", "objects", "packed-refs"])
def test_a_broken_file_of_the_mirror_is_healed_within_two_cycles(remote, mirror, head, clone_path, tmp_path, name):
    place = clone_path / name
    if place.is_dir():
        shutil.rmtree(place)
    else:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(b"\0garbage")
    new = remote.push("main", remote.commit({**FILES, "new": "file"}))
    for _cycle in range(2):
        if mirror.lacks(mirror.heads()):
            mirror.fetch()

    assert mirror.known() == (("main", new),)
    reads(mirror, new, tmp_path / "tree")


def test_a_tree_can_be_laid_out_before_the_first_fetch(remote, mirror, tmp_path):
    commit = remote.push("main", remote.commit(FILES))

    reads(mirror, commit, tmp_path / "tree")


def test_a_failing_clone_leaves_the_old_mirror_in_place(remote, mirror, head, clone_path, tmp_path):
    remote.path.rename(tmp_path / "elsewhere")
    shutil.rmtree(clone_path / "refs/anabranch")

    with pytest.raises(Temporary, match=r"app: .* cannot be listed: fatal: .*"):
        mirror.fetch()
    assert mirror.read_head(head, ["score.yaml"]).files == (("score.yaml", b"1"),)
    assert not (clone_path.parent / "new").exists()


def test_a_vanished_remote_is_an_error_and_changes_nothing(remote, mirror, head, tmp_path):
    remote.path.rename(tmp_path / "elsewhere")

    for ask in (mirror.heads, mirror.fetch):
        with pytest.raises(Temporary, match=r"app: .*remote\.git.*") as caught:
            ask()
        assert str(caught.value).isprintable()
    assert mirror.known() == (("main", head),)


def test_trees_are_laid_out_from_many_threads_while_the_mirror_moves(remote, mirror, tmp_path):
    commits = [remote.commit({"score.yaml": "1", "number": str(number)}) for number in range(6)]
    remote.point({"main": commits[0], **{f"b{number}": commit for number, commit in enumerate(commits)}})
    mirror.fetch()
    wrong: list[object] = []

    def lay_out(number: int) -> None:
        place = tmp_path / f"tree{number}"
        mirror.lay_out(commits[number], place)
        if (place / "number").read_text() != str(number):
            wrong.append(number)

    threads = [threading.Thread(target=lay_out, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for number in range(4):
        remote.push("main", remote.commit({"score.yaml": f"new {number}"}))
        ((_, head),) = (item for item in mirror.fetch() if item[0] == "main")
        assert mirror.read_head(head, ["score.yaml"]).files == (("score.yaml", f"new {number}".encode()),)
    for thread in threads:
        thread.join(30)
    assert wrong == []
    assert {place.name for place in tmp_path.glob("tree*")} == {f"tree{number}" for number in range(6)}


def test_a_directory_that_is_locked_is_refused_and_free_again_after_close(remote, mirror, make_mirror, tmp_path):
    with pytest.raises(Temporary, match="in use by another process"):
        make_mirror(remote.path)
    mirror.close()
    with (tmp_path / "mirror/lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        with pytest.raises(Temporary):
            mirror.open()
    mirror.open()


def test_the_directory_is_ours_alone(mirror, tmp_path):
    assert (tmp_path / "mirror").stat().st_mode & 0o777 == 0o700
