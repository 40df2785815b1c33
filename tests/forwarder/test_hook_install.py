"""Where the post-receive hook is written, and where it is not."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from orchestrator.errors import AnabranchError, Conflict, NotFound, Permanent
from orchestrator.forwarder import hook

URL = "http://127.0.0.1:8080/hooks/local"
BAD_URLS = (
    *("", "127.0.0.1:8080", "ftp://x/hooks/a", "http:///hooks/a", "http://x/other"),
    *("http://[/", "http://x:y/hooks/a", "http://x/hooks/a b", "http://x/hooks/"),
)
Git = Callable[..., str]


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    file = tmp_path / 'it\'s a "secret"\n'
    file.write_text("s" * 32 + "\n")
    return file


def install(path: Path, secret: Path, **given: str) -> Path:
    return hook.install(path, **{"url": URL, "name": "app", "secret_file": secret, **given})  # type: ignore[arg-type]


@pytest.fixture
def bare(tmp_path: Path, git: Git) -> Path:
    git("init", "-q", "--bare", str(tmp_path / "app.git"))
    return tmp_path / "app.git"


def test_a_bare_repository_gets_a_program_that_holds_no_secret(bare: Path, secret: Path) -> None:
    written = install(bare, secret)
    assert written == bare / "hooks" / "post-receive"
    assert written.stat().st_mode & 0o777 == 0o755
    assert "s" * 32 not in written.read_text()
    compile(written.read_text(), str(written), "exec")
    assert [file.name for file in written.parent.iterdir() if file.name.startswith(".")] == []


def test_installing_again_replaces_the_hook(bare: Path, secret: Path) -> None:
    install(bare, secret)
    written = install(bare, secret, name="web")
    assert "'repository': 'web'" in written.read_text()


def test_a_working_repository_and_its_worktrees_share_one_hook(tmp_path: Path, secret: Path, git: Git) -> None:
    work, tree = tmp_path / "work", tmp_path / "tree"
    git("init", "-q", str(work))
    git("commit", "-q", "--allow-empty", "-m", "one", at=work)
    git("worktree", "add", "-q", str(tree), at=work)
    (work / "folder").mkdir()
    assert install(work, secret) == install(tree, secret) == work / ".git" / "hooks" / "post-receive"


def test_a_missing_hooks_directory_is_made(bare: Path, secret: Path) -> None:
    for file in (bare / "hooks").iterdir():
        file.unlink()
    (bare / "hooks").rmdir()
    assert install(bare, secret).exists()


@pytest.mark.parametrize("there", ["file", "link", "dangling"])
def test_somebody_elses_hook_is_left_alone(bare: Path, secret: Path, there: str) -> None:
    place = bare / "hooks" / "post-receive"
    other = bare / "other"
    if there == "file":
        place.write_bytes(b"#!/bin/sh\n\xff\n")
    else:
        place.symlink_to(other)
        if there == "link":
            other.write_text(hook._MARK)
    with pytest.raises(Conflict, match="another hook is there"):
        install(bare, secret)
    assert place.is_symlink() == (there != "file")
    assert there != "file" or place.read_bytes() == b"#!/bin/sh\n\xff\n"


def test_a_shared_hooks_directory_is_refused(bare: Path, secret: Path, tmp_path: Path, git: Git) -> None:
    git("config", "core.hooksPath", str(tmp_path / "shared"), at=bare)
    with pytest.raises(Permanent, match=r"core\.hooksPath leads to"):
        install(bare, secret)
    assert not (tmp_path / "shared").exists()


@pytest.mark.parametrize("path", ["nothing", "file", "folder", "folder/below"])
def test_what_is_no_repository_is_refused_even_inside_one(tmp_path: Path, secret: Path, git: Git, path: str) -> None:
    git("init", "-q", str(tmp_path))
    (tmp_path / "file").touch()
    (tmp_path / "folder" / "below").mkdir(parents=True)
    with pytest.raises(NotFound, match="is no git repository") as refused:
        install(tmp_path / path, secret)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("url", BAD_URLS)
def test_an_address_that_no_forwarder_has_is_refused(bare: Path, secret: Path, url: str) -> None:
    with pytest.raises(Permanent, match="is no hook's address"):
        install(bare, secret, url=url)


@pytest.mark.parametrize("content", [None, b"", b"short"])
def test_a_secret_that_cannot_work_is_refused_before_anything_is_written(
    bare: Path, tmp_path: Path, content: bytes | None
) -> None:
    file = tmp_path / "weak"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(AnabranchError):
        install(bare, file)
    assert not (bare / "hooks" / "post-receive").exists()


def test_the_environment_of_another_repository_does_not_lead_it_astray(
    bare: Path, secret: Path, tmp_path: Path, git: Git, monkeypatch: pytest.MonkeyPatch
) -> None:
    git("init", "-q", "--bare", str(tmp_path / "other.git"))
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "other.git"))
    assert install(bare, secret).is_relative_to(bare)


def test_the_hook_runs_with_no_more_than_a_plain_python(bare: Path, secret: Path) -> None:
    written = install(bare, secret, url="http://127.0.0.1:9/hooks/local")
    done = subprocess.run(
        [str(written)], input=b"", cwd=bare, env={"PATH": os.environ["PATH"]}, capture_output=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
