"""init, check, hook install: before the first start, and around it."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

SECRET = "correct horse battery staple, and a bit more"


def test_init_writes_settings_that_check_can_read(world: Any, tmp_path: Path) -> None:
    done = world.run("init", "--repository", f"file://{world.directory}/app.git", at=tmp_path)
    assert (done.code, done.out) == (0, "anabranch.yaml\n")
    assert done.err == "next: anabranch check, then anabranch up\n"
    assert "name: app" in (tmp_path / "anabranch.yaml").read_text()
    rows = {row["name"]: row for row in world.run("check", "-o", "json", at=tmp_path).json}
    assert rows["app"]["ok"]


def test_init_takes_several_repositories_and_a_place(world: Any, tmp_path: Path) -> None:
    place = tmp_path / "etc" / "ab.yaml"
    urls = ("-r", "https://git.example/web.git", "-r", "git@git.example:team/app.git")
    done = world.run("init", *urls, "--settings", str(place))
    assert done.out == f"{place}\n"
    assert "name: web" in place.read_text()
    assert "name: app" in place.read_text()
    by_variable = tmp_path / "by-variable.yaml"
    assert world.run("init", *urls, ANABRANCH_SETTINGS_FILE=str(by_variable)).code == 0
    assert by_variable.is_file()


def test_init_replaces_a_file_only_when_told_to(world: Any, tmp_path: Path) -> None:
    place = tmp_path / "anabranch.yaml"
    place.write_text("mine")
    words = ("init", "-r", "https://git.example/web.git")
    refused = world.run(*words, at=tmp_path)
    assert refused.code == 1
    assert "--force" in refused.err
    assert place.read_text() == "mine"
    assert world.run(*words, "--force", at=tmp_path).code == 0
    assert "name: web" in place.read_text()


@pytest.mark.parametrize(
    "urls",
    [
        ("ext::sh -c true",),
        ("",),
        ("-",),
        ("https://git.example/",),
        ("https://git.example/a/web.git", "https://git.example/b/web.git"),
        ("https://user:secret-word@git.example/web.git\x1b[31m",),
    ],
)
def test_init_refuses_urls_that_cannot_be_followed(world: Any, tmp_path: Path, urls: tuple[str, ...]) -> None:
    said = world.run("init", *(f"--repository={url}" for url in urls), at=tmp_path)
    assert said.code in (1, 2)
    assert len(said.err.splitlines()) == 1
    assert "fault" not in said.err
    assert "secret-word" not in said.err
    assert "\x1b" not in said.err
    assert not (tmp_path / "anabranch.yaml").exists()


def test_init_without_a_repository_is_wrong_usage(world: Any, tmp_path: Path) -> None:
    said = world.run("init", at=tmp_path)
    assert said.code == 2
    assert "--repository" in said.err


def test_check_tries_everything_that_the_settings_name(world: Any) -> None:
    said = world.run("check", "--settings", str(world.settings))
    assert said.code == 0, said.out
    kinds = [line.split()[0] for line in said.lines]
    assert kinds.count("repository") == len(world.repositories)
    assert {"settings", "directory", "runtime", "git"} <= set(kinds)
    assert said.err.strip().endswith("ok")


def test_check_says_what_failed_and_exits_with_1(world: Any, tmp_path: Path) -> None:
    settings = tmp_path / "anabranch.yaml"
    settings.write_text(
        f"repositories: [{{name: gone, url: 'file://{tmp_path}/gone.git'}}]\nruntime: memory\nstate: state\n"
        "git: {protocols: [file]}\napi: {socket: api.sock}\n"
    )
    said = world.run("check", at=tmp_path)
    assert said.code == 1
    line = next(line for line in said.lines if line.startswith("repository"))
    assert "FAILED" in line
    assert said.err == f"1 of {len(said.lines)} failed\n"
    document = world.run("check", "-o", "json", at=tmp_path)
    assert document.code == 1
    assert [row["ok"] for row in document.json].count(False) == 1


def test_check_shows_every_mistake_of_a_settings_file(world: Any, tmp_path: Path) -> None:
    settings = tmp_path / "anabranch.yaml"
    settings.write_text("repositores: []\npolling: {interval: soon}\n")
    said = world.run("check", at=tmp_path)
    assert said.code == 1
    assert "did you mean repositories?" in said.out
    assert "interval" in said.out
    assert world.run("check", "-o", "name", at=tmp_path).code == 2


def test_check_without_a_file_says_how_to_write_one(world: Any, tmp_path: Path) -> None:
    said = world.run("check", at=tmp_path)
    assert said.code == 1
    assert "anabranch init" in said.out


@pytest.mark.parametrize("command", ["daemon", "up", "forwarder"])
def test_what_runs_for_long_needs_settings_and_says_so(world: Any, tmp_path: Path, command: str) -> None:
    said = world.run(command, at=tmp_path)
    assert said.code == 1
    assert "anabranch init" in said.err
    assert len(said.err.splitlines()) == 1


def test_a_second_daemon_says_who_holds_the_state(world: Any) -> None:
    said = world.shell(f"anabranch daemon --settings {world.settings}")
    assert said.code == 1
    assert len(said.err.splitlines()) == 1
    assert str(world.run("version", "-o", "json").json["daemon"]["pid"]) in said.err


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    path = tmp_path / "web.git"
    subprocess.run(["git", "init", "--quiet", "--bare", str(path)], check=True)
    return path


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "git.secret"
    path.write_text(SECRET)
    path.chmod(0o600)
    return path


def settings_with(tmp_path: Path, *hooks: str, address: str = "127.0.0.1:8099", url: str = "") -> None:
    """Write settings with these hooks and, if a URL is given, with one repository."""
    repositories = f"[{{name: web, url: '{url}'}}]" if url else "[]"
    (tmp_path / "anabranch.yaml").write_text(
        f"repositories: {repositories}\ngit: {{protocols: [file]}}\n"
        f"forwarder: {{address: '{address}', hooks: [{', '.join(hooks)}]}}\n"
    )


def a_hook(name: str, secret: Path, **repositories: str) -> str:
    """Write one post-receive hook of the settings."""
    pairs = ", ".join(f"{theirs.replace('__', '/')}: {ours}" for theirs, ours in repositories.items())
    return f"{{name: {name}, provider: post-receive, secret_files: ['{secret}'], repositories: {{{pairs}}}}}"


def test_a_hook_is_installed_with_what_the_command_line_says(
    world: Any, tmp_path: Path, repository: Path, secret: Path
) -> None:
    url = "http://127.0.0.1:8080/hooks/git"
    done = world.run(
        "hook",
        "install",
        str(repository),
        "--url",
        url,
        "--secret-file",
        str(secret),
        "--name",
        "team/web",
        at=tmp_path,
    )
    hook = repository / "hooks" / "post-receive"
    assert (done.code, done.out) == (0, f"{hook}\n")
    assert url in done.err
    assert hook.stat().st_mode & 0o111
    assert url in hook.read_text()
    assert "team/web" in hook.read_text()
    assert SECRET not in hook.read_text() + done.out + done.err


def test_a_hook_without_a_name_is_named_after_the_directory(
    world: Any, tmp_path: Path, repository: Path, secret: Path
) -> None:
    words = ("--url", "http://127.0.0.1:8080/hooks/git", "--secret-file", str(secret))
    assert world.run("hook", "install", "web.git", *words, at=tmp_path).code == 0
    assert "'repository': 'web'" in (repository / "hooks" / "post-receive").read_text()


def test_a_hook_takes_everything_from_the_settings_that_name_its_repository(
    world: Any, tmp_path: Path, repository: Path, secret: Path
) -> None:
    other = a_hook("other", secret, api="api")
    settings_with(tmp_path, other, a_hook("local", secret, team__site="web"), address="0.0.0.0:8099", url="")
    done = world.run("hook", "install", str(repository), at=tmp_path)
    assert done.code == 0, done.err
    text = (repository / "hooks" / "post-receive").read_text()
    assert "http://127.0.0.1:8099/hooks/local" in text
    assert "'repository': 'team/site'" in text
    assert str(secret) in text


def test_a_hook_knows_its_repository_by_the_url_of_the_settings(world: Any, tmp_path: Path, secret: Path) -> None:
    path = tmp_path / "some-other-name.git"
    subprocess.run(["git", "init", "--quiet", "--bare", str(path)], check=True)
    settings_with(tmp_path, a_hook("local", secret, web="web"), url=f"file://{path}")
    done = world.run("hook", "install", "some-other-name.git", at=tmp_path)
    assert done.code == 0, done.err
    assert "'repository': 'web'" in (path / "hooks" / "post-receive").read_text()


def test_a_hook_finds_the_repository_around_a_git_directory(world: Any, tmp_path: Path, secret: Path) -> None:
    subprocess.run(["git", "init", "--quiet", str(tmp_path / "web")], check=True)
    settings_with(tmp_path, a_hook("local", secret, web="web"))
    for place in ("web", "web/.git"):
        assert world.run("hook", "install", place, at=tmp_path).out == f"{tmp_path}/web/.git/hooks/post-receive\n"


def test_a_hook_that_could_be_two_asks_which(world: Any, tmp_path: Path, repository: Path, secret: Path) -> None:
    settings_with(tmp_path, a_hook("one", secret, web="web"), a_hook("two", secret, team__site="web"))
    said = world.run("hook", "install", str(repository), at=tmp_path)
    assert said.code == 2
    assert "web of hook one, team/site of hook two" in said.err
    assert world.run("hook", "install", str(repository), "--name", "team/site", at=tmp_path).code == 0


def test_a_hook_that_the_settings_do_not_know_says_what_to_add(
    world: Any, tmp_path: Path, repository: Path, secret: Path
) -> None:
    none = world.run("hook", "install", str(repository), at=tmp_path)
    assert none.code == 2
    assert "--secret-file" in none.err
    settings_with(tmp_path)
    empty = world.run("hook", "install", str(repository), at=tmp_path)
    assert empty.code == 1
    assert "forwarder.hooks" in empty.err
    settings_with(tmp_path, a_hook("local", secret, api="api"))
    stranger = world.run("hook", "install", str(repository), at=tmp_path)
    assert stranger.code == 1
    assert "there are api" in stranger.err


def test_a_hook_leaves_somebody_elses_alone(world: Any, tmp_path: Path, repository: Path, secret: Path) -> None:
    words = ("--url", "http://127.0.0.1:8080/hooks/git", "--secret-file", str(secret))
    hook = repository / "hooks" / "post-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho mine\n")
    said = world.run("hook", "install", str(repository), *words, at=tmp_path)
    assert said.code == 1
    assert "another hook is there" in said.err
    assert "echo mine" in hook.read_text()


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (("--url", "ftp://x/hooks/a", "--secret-file", "git.secret"), "is no hook's address"),
        (("--url", "http://x/hooks/a", "--secret-file", "none"), "cannot be read"),
        (("--url", "http://x/hooks/a", "--secret-file", "short"), "32"),
    ],
)
def test_a_hook_that_cannot_work_is_refused(
    world: Any, tmp_path: Path, repository: Path, secret: Path, words: tuple[str, ...], part: str
) -> None:
    (tmp_path / "short").write_text("abc")
    said = world.run("hook", "install", str(repository), *words, at=tmp_path)
    assert said.code == 1
    assert part in said.err
    assert not (repository / "hooks" / "post-receive").exists()


def test_a_hook_needs_a_repository(world: Any, tmp_path: Path, secret: Path) -> None:
    words = ("--url", "http://127.0.0.1:8080/hooks/git", "--secret-file", str(secret))
    said = world.run("hook", "install", str(tmp_path / "nothing"), *words, at=tmp_path)
    assert said.code == 1
    assert "no git repository" in said.err
