"""A mirror holds exactly the heads of its remote, whatever their names and however they move."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from orchestrator.adapters.git import Mirror
from orchestrator.errors import NotFound, Permanent

HOSTILE = (
    b"--output=x",
    b"--upload-pack=touch$IFS'pwned'",
    b"-dash",
    b"$(id)",
    b"`id`",
    b"a;b",
    b"<b>",
    b"%s%n",
    b"'quoted'",
    b'"double"',
    "evil\u202egnp".encode(),
    "żółw".encode(),
    b"raw-\xff\xfe",
    b"Case",
    b"case",
    b"feature/x",
    b"feature-x",
    b"refs/heads/main",
    b"HEAD",
    b"|pipe&",
)


def test_every_name_that_git_accepts_comes_through_whole(remote, mirror):
    head = remote.commit({"score.yaml": "a"})
    remote.point(dict.fromkeys((b"main", *HOSTILE), head))

    heads = mirror.heads()

    assert {name.encode("utf-8", "surrogateescape") for name, _ in heads.branches} == {b"main", *HOSTILE}
    assert mirror.fetch() == heads.branches
    assert mirror.read_head(head, ["score.yaml"]).files == (("score.yaml", b"a"),)


def test_a_new_commit_arrives(remote, mirror):
    first = remote.push("main", remote.commit({"score.yaml": "1"}, "First"))
    mirror.fetch()
    second = remote.push("main", remote.commit({"score.yaml": "2"}, "Second", parent=first))

    assert mirror.lacks(mirror.heads())
    assert mirror.fetch() == (("main", second),)
    assert not mirror.lacks(mirror.heads())
    assert mirror.read_head(second, ["score.yaml"]).subject == "Second"


@pytest.mark.parametrize("keeps_history", [True, False])
def test_a_forced_push_is_followed_both_ways(remote, mirror, keeps_history):
    old = remote.push("main", remote.commit({"score.yaml": "1"}))
    mirror.fetch()
    new = remote.push("main", remote.commit({"score.yaml": "2"}, "New", parent=old if keeps_history else None))
    assert mirror.fetch() == (("main", new),)

    remote.push("main", old)
    assert mirror.fetch() == (("main", old),)


@pytest.mark.parametrize("keeps_history", [True, False])
def test_a_push_between_list_and_fetch_is_followed_now_or_by_the_next_look(remote, mirror, keeps_history):
    first = remote.push("main", remote.commit({"score.yaml": "1"}))
    mirror.fetch()
    second = remote.push("main", remote.commit({"score.yaml": "2"}, parent=first))
    told = mirror.heads().branches
    third = remote.push("main", remote.commit({"score.yaml": "3"}, parent=second if keeps_history else None))

    assert mirror.fetch(told) == (("main", second if keeps_history else third),)
    assert mirror.read_head(dict(mirror.known())["main"], ["score.yaml"]).files
    assert mirror.lacks(mirror.heads()) == keeps_history
    assert mirror.fetch(mirror.heads().branches) == (("main", third),)


def test_a_branch_that_points_to_something_else_than_a_commit_does_not_stop_a_fetch(remote, mirror):
    head = remote.push("main", remote.commit({"score.yaml": "1"}))
    mirror.fetch()
    blob = remote.blob(b"just text")
    (remote.path / "refs/heads/odd").write_text(blob + "\n")

    assert mirror.fetch(mirror.heads().branches) == (("main", head), ("odd", blob))


def test_a_deleted_branch_leaves_the_mirror(remote, mirror):
    head = remote.push("main", remote.commit({}))
    remote.push("bugfix", head)
    mirror.fetch()
    remote.delete("bugfix")

    assert mirror.fetch() == (("main", head),)


@pytest.mark.parametrize(("before", "after"), [("a", "a/b"), ("a/b", "a"), ("x/y/z", "x/y")])
def test_a_branch_may_become_a_directory_of_branches_and_back(remote, mirror, before, after):
    head = remote.push("main", remote.commit({}))
    remote.push(before, head)
    mirror.fetch()
    remote.delete(before)
    remote.push(after, head)

    assert dict(mirror.fetch()) == {"main": head, after: head}


def test_random_movements_are_followed_exactly(remote, mirror):
    dice = random.Random(20)
    commits = [remote.commit({"score.yaml": str(number)}, str(number)) for number in range(4)]
    names = ["a", "a/b", "a/b/c", "b", "B", "-x"]
    expected = {"main": remote.push("main", commits[0])}
    for _ in range(12):
        for name in dice.sample(names, 3):
            rivals = [other for other in expected if other.startswith(name + "/") or name.startswith(other + "/")]
            gone = rivals if dice.random() < 0.7 else [other for other in expected if other == name]
            if gone:
                remote.delete(*gone)
            for other in gone:
                del expected[other]
            if rivals == gone:
                expected[name] = remote.push(name, dice.choice(commits))
        assert dict(mirror.fetch(mirror.heads().branches)) == expected
        assert not mirror.lacks(mirror.heads())


def test_tags_and_other_refs_stay_away(remote, mirror):
    head = remote.push("main", remote.commit({}))
    remote.git("update-ref", "refs/tags/v1", head)
    remote.git("update-ref", "refs/pull/1/head", head)
    remote.git("update-ref", "refs/other/refs/heads/x", head)

    assert mirror.heads().branches == (("main", head),)
    assert mirror.fetch() == (("main", head),)


def test_a_reopened_mirror_knows_what_it_held(remote, mirror, make_mirror):
    head = remote.push("main", remote.commit({"score.yaml": "1"}))
    mirror.fetch()
    mirror.close()

    again = make_mirror(remote.path)

    assert again.known() == (("main", head),)
    assert again.read_head(head, ["score.yaml"]).files == (("score.yaml", b"1"),)


def test_a_commit_that_no_branch_leads_to_is_asked_for_by_its_id(remote, mirror):
    lost = remote.push("main", remote.commit({"score.yaml": "old"}))
    remote.push("main", remote.commit({"score.yaml": "new"}))
    mirror.fetch()

    assert mirror.read_head(lost, ["score.yaml"]).files == (("score.yaml", b"old"),)


def test_a_commit_that_nobody_has_is_not_found_in_one_line(remote, mirror):
    remote.push("main", remote.commit({}))
    mirror.fetch()

    with pytest.raises(NotFound, match=r"app: no branch leads to commit 123412341234, and its host .*"):
        mirror.read_head("1234" * 10, ["score.yaml"])


@pytest.mark.parametrize("text", ["main", "--output=x", "0" * 40, "a" * 39, "A" * 40, "a" * 40 + "\n", "\x1b[31m"])
def test_only_full_object_ids_are_read(remote, mirror, text):
    with pytest.raises(Permanent, match="not the full id") as caught:
        mirror.read_head(text, ["score.yaml"])
    assert str(caught.value).isprintable()


def test_a_second_mirror_of_the_same_directory_is_refused(mirror, make_mirror: Callable[..., Mirror], remote):
    with pytest.raises(Exception, match="in use by another process"):
        make_mirror(remote.path)


def test_many_loose_objects_are_packed_and_stay_readable(remote, mirror, clone_path: Path, monkeypatch):
    monkeypatch.setattr("orchestrator.adapters.git.clone._MOST_LOOSE", 3)
    lost = remote.push("main", remote.commit({"score.yaml": "1"}))
    mirror.fetch()
    head = remote.push("main", remote.commit({"score.yaml": "2"}, "Other"))
    mirror.fetch()
    mirror.tidy()

    assert len(list((clone_path / "objects").glob("[0-9a-f][0-9a-f]/*"))) <= 3
    assert len(list((clone_path / "objects").glob("pack/*.pack"))) == 1
    assert mirror.read_head(head, ["score.yaml"]).files == (("score.yaml", b"2"),)
    assert mirror.read_head(lost, ["score.yaml"]).files == (("score.yaml", b"1"),)


def test_packing_that_takes_too_long_is_left_for_later_and_is_no_trouble(
    remote, mirror, make_mirror: Callable[..., Mirror], clone_path: Path, monkeypatch, put_on_path
):
    head = remote.push("main", remote.commit({"score.yaml": "1"}))
    mirror.fetch()
    mirror.close()
    monkeypatch.setattr("orchestrator.adapters.git.clone._MOST_LOOSE", -1)
    put_on_path(f'case "$*" in *" repack "*) exec sleep 600;; esac; exec {remote.git_program} "$@"')
    hasty = make_mirror(remote.path, clone_deadline=0.0001)
    hasty.tidy()
    assert not list((clone_path / "objects" / "pack").iterdir())
    assert hasty.read_head(head, ["score.yaml"]).files == (("score.yaml", b"1"),)
