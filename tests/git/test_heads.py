"""What one answer of a remote proves, and what it does not."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from orchestrator.adapters.git import check, git_version
from orchestrator.adapters.git.check import judge_version
from orchestrator.errors import Permanent, Temporary


@contextmanager
def http_server(status: int, headers: dict[str, str], body: bytes) -> Iterator[tuple[str, list[str]]]:
    """Answer every request alike; yields the URL and the paths that were asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/app.git", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_head_names_the_default_branch(remote, mirror):
    head = remote.commit({})
    remote.point({"main": head, "zżółć": head})

    heads = mirror.heads()

    assert heads.default_branch == "main"
    assert heads.branches == (("main", head), ("zżółć", head))
    assert not heads.proves_no_removal


def test_the_setting_wins_over_head(remote, make_mirror):
    head = remote.commit({})
    remote.point({"main": head, "trunk": head})

    assert make_mirror(remote.path, "trunk").heads().default_branch == "trunk"


def test_a_remote_without_a_branch_is_waiting_for_its_first_push(mirror):
    with pytest.raises(Temporary, match="waiting for its first push"):
        mirror.heads()


def test_head_without_a_branch_says_what_to_set(remote, mirror):
    remote.push("trunk", remote.commit({}))

    with pytest.raises(Permanent, match=r"HEAD .* names none of its 1 branches; set default_branch .*"):
        mirror.heads()


def test_head_that_loses_its_branch_later_proves_no_removal_but_adds(remote, mirror):
    head = remote.push("main", remote.commit({}))
    mirror.heads()
    remote.delete("main")
    remote.push("new", head)

    heads = mirror.heads()

    assert (heads.default_branch, heads.branches, heads.proves_no_removal) == ("main", (("new", head),), True)


@pytest.mark.parametrize("setting", ["main", None])
def test_a_remote_that_lost_everything_proves_no_removal(remote, make_mirror, setting):
    mirror = make_mirror(remote.path, setting)
    remote.push("main", remote.commit({}))
    mirror.heads()
    mirror.fetch()
    remote.delete("main")

    heads = mirror.heads()

    assert (heads.branches, heads.proves_no_removal) == ((), True)


def test_a_setting_that_the_remote_lacks_proves_no_removal(remote, make_mirror):
    remote.push("main", remote.commit({}))

    assert make_mirror(remote.path, "trunk").heads().proves_no_removal


def test_a_reopened_mirror_does_not_take_an_emptied_remote_for_a_new_one(remote, mirror, make_mirror):
    remote.push("main", remote.commit({}))
    mirror.fetch()
    mirror.close()
    remote.delete("main")

    with pytest.raises(Permanent, match="names none of its 0 branches"):
        make_mirror(remote.path).heads()


def test_sha256_object_ids_are_refused_in_one_line(remote, make_mirror, tmp_path):
    other = tmp_path / "sha256.git"
    remote.git("init", "-q", "--bare", "--object-format=sha256", "--initial-branch=main", str(other), at=None)
    remote.path = other
    remote.push("main", remote.commit({}))

    with pytest.raises(Permanent, match="SHA-256 object ids are not supported"):
        make_mirror(other).heads()


WRONG = {
    "html": (200, {"Content-Type": "text/html"}, b"<html><h1>Sign in</h1></html>"),
    "empty": (200, {"Content-Type": "text/plain"}, b""),
    "truncated": (
        200,
        {"Content-Type": "application/x-git-upload-pack-advertisement"},
        b"001e# service=git-upload-pack\n0000" + b"00b4" + b"1" * 40 + b" HEAD\0multi_ack",
    ),
    "missing": (404, {}, b""),
    "broken": (500, {}, b"oops\x1b[31m"),
    "forbidden": (403, {}, b""),
}


@pytest.mark.parametrize("answer", WRONG.values(), ids=WRONG)
def test_a_wrong_answer_at_first_contact_is_an_error_in_one_line(make_mirror, answer):
    with http_server(*answer) as (url, asked), pytest.raises(Temporary) as caught:
        make_mirror(url, "main").heads()
    assert asked
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("setting", ["main", None])
@pytest.mark.parametrize("answer", WRONG.values(), ids=WRONG)
def test_a_wrong_answer_later_is_never_believed_to_be_an_empty_list(remote, mirror, make_mirror, answer, setting):
    known = (("main", remote.push("main", remote.commit({}))),)
    mirror.fetch()
    mirror.close()
    with http_server(*answer) as (url, _):
        later = make_mirror(url, setting)
        try:
            heads = later.heads()
        except (Temporary, Permanent):
            pass
        else:
            assert heads.proves_no_removal
            assert heads.branches == ()
            assert not later.lacks(heads)
    assert later.known() == known


def test_a_redirect_is_not_followed(make_mirror):
    with (
        http_server(200, {}, b"") as (elsewhere, asked_elsewhere),
        http_server(302, {"Location": f"{elsewhere}/info/refs?service=git-upload-pack"}, b"") as (url, asked),
        pytest.raises(Temporary, match="cannot be listed"),
    ):
        make_mirror(url).heads()
    assert asked
    assert asked_elsewhere == []


def test_a_list_that_is_too_long_is_ended(remote, make_mirror):
    head = remote.commit({})
    remote.point({f"branch-{number}": head for number in range(100)})

    with pytest.raises(Temporary, match="more than 1000 bytes"):
        make_mirror(remote.path, listing_bytes=1000).heads()


def test_check_says_what_a_repository_answered(remote, options):
    remote.push("main", remote.commit({}))

    said = f"app: {remote.path} has 1 branch, main is the default one; "
    lacking = said + "no score.yaml there: add one, or set `score` of this repository"
    assert check(str(remote.path), options, "app") == lacking
    remote.push("main", remote.commit({"score.yaml": "x", "a/score.yaml": "y", "a/b": "z"}))
    assert check(str(remote.path), options, "app") == f"{said}score.yaml found"
    assert check(str(remote.path), options, "app", globs=("a/*.yaml",)) == f"{said}a/score.yaml found"
    assert check(str(remote.path), options, "app", globs=("**/score.yaml",)) == f"{said}2 Score files found"


def test_a_check_that_cannot_look_at_the_files_says_so(remote, options):
    commit = remote.push("main", remote.commit({"score.yaml": "x"}))
    (remote.path / "objects" / commit[:2] / commit[2:]).unlink()

    assert "; its files were not looked at: " in check(str(remote.path), options, "app")


def test_check_says_which_setting_is_wrong(remote, options):
    remote.push("main", remote.commit({}))

    with pytest.raises(Permanent, match="has no branch trunk; set default_branch"):
        check(str(remote.path), options, "app", "trunk")
    with pytest.raises(Temporary, match="cannot be listed"):
        check(str(remote.path / "no"), options)


@pytest.mark.parametrize(
    ("line", "old"),
    [
        ("git version 2.39.5", True),
        ("git version 2.43.7", False),
        ("git version 2.44.1", True),
        ("git version 2.45.4.windows.1", False),
        ("git version 2.50.0", True),
        ("git version 2.50.1 (Apple Git-155)", False),
        ("git version 3.0", False),
        ("not git", True),
    ],
)
def test_an_old_git_is_warned_of(line, old):
    assert bool(judge_version(line).warning) == old


def test_the_installed_git_has_a_version():
    assert git_version().text.startswith("git version 2.") or git_version().text.startswith("git version 3.")
