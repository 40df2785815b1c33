"""A real `git push` through the installed hook and a real forwarder to the daemon; and pushes while it is away."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from orchestrator.forwarder import hook
from tests.eventually import eventually

Git = Callable[..., str]
HOSTILE = (
    "$(touch${IFS}x)",
    "a;b",
    "it's",
    '"quoted"',
    "é",
    "`id`",
    "--output=x",
    "<b>",
    "%s%n",
    "a&b|c",
    "\u202ex",
    "#",
)


@pytest.fixture
def work(tmp_path: Path, git: Git) -> Path:
    """A clone with one commit, and the bare repository that it pushes to."""
    git("init", "-q", "--bare", str(tmp_path / "app.git"))
    git("clone", "-q", str(tmp_path / "app.git"), str(tmp_path / "work"))
    git("commit", "-q", "--allow-empty", "-m", "one", at=tmp_path / "work")
    return tmp_path / "work"


@pytest.fixture
def linked(
    run_forwarder: Any, settings_file: Any, make_daemon: Any, short_path: Path, tmp_path: Path, work: Path
) -> Callable[[], Any]:
    """Open a forwarder, a daemon behind it, and the hook that leads there."""

    @asynccontextmanager
    async def opened() -> AsyncIterator[Any]:
        daemon = make_daemon()
        await daemon.start()
        try:
            async with run_forwarder(settings_file()) as forwarder:
                url = f"{forwarder.url}/hooks/local"
                hook.install(tmp_path / "app.git", url=url, secret_file=short_path / "secret", name="app")
                yield daemon
                assert await forwarder.end() == 0
        finally:
            await daemon.stop()

    return opened


async def test_a_push_tells_the_daemon_which_branches_moved(linked: Any, work: Path, git: Git) -> None:
    async with linked() as daemon:
        await asyncio.to_thread(git, "push", "-q", "origin", "HEAD:refs/heads/main", "HEAD:refs/tags/v1", at=work)
        await daemon.until(lambda: len(daemon.hints) == 1)
        await asyncio.to_thread(git, "push", "-q", "origin", ":refs/heads/main", at=work)
        await daemon.until(lambda: len(daemon.hints) == 2)
    assert [(told.repository, told.ref, told.deleted) for told in daemon.hints] == [
        ("app", "refs/heads/main", False),
        ("app", "refs/heads/main", True),
    ]


async def test_hostile_branch_names_arrive_as_they_are(linked: Any, work: Path, git: Git) -> None:
    names = [f"refs/heads/x{name}" for name in HOSTILE]
    latin = b"HEAD:refs/heads/\xe9t\xe9"
    async with linked() as daemon:
        await asyncio.to_thread(git, "push", "-q", "origin", *(f"HEAD:{name}" for name in names), latin, at=work)
        await daemon.until(lambda: len(daemon.hints) == len(names) + 1)
    assert set(daemon.refs) == {*names, "refs/heads/\udce9t\udce9"}
    assert not list(work.parent.rglob("x"))


@pytest.mark.parametrize(("count", "told"), [(250, 250), (300, 1), (1100, 1)])
async def test_a_push_of_very_many_branches_arrives_whole_or_as_one_hint(
    linked: Any, work: Path, git: Git, count: int, told: int
) -> None:
    async with linked() as daemon:
        refs = [f"HEAD:refs/heads/b{number}" for number in range(count)]
        await asyncio.to_thread(git, "push", "-q", "origin", *refs, at=work)
        await daemon.until(lambda: len(daemon.hints) >= told)
    assert len(daemon.hints) == told
    assert told > 1 or daemon.refs == [""]


async def test_a_push_neither_fails_nor_waits_while_nobody_listens(
    tmp_path: Path, short_path: Path, work: Path, git: Git, settings_file: Any
) -> None:
    settings_file()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        url = f"http://127.0.0.1:{port}/hooks/local"
        hook.install(tmp_path / "app.git", url=url, secret_file=short_path / "secret", name="app")
        silent.settimeout(0)
        accepting = asyncio.create_task(asyncio.get_running_loop().sock_accept(silent))
        said = await asyncio.to_thread(git, "push", "-q", "origin", "HEAD:refs/heads/main", at=work)
        assert said == ""
        connection, _ = await asyncio.wait_for(accepting, 20)
        connection.close()
    failure = tmp_path / "app.git" / "anabranch-hook.error"
    await asyncio.to_thread(eventually, lambda: failure.exists() and "Refused" in failure.read_text())
    assert failure.read_text().rstrip("\n").isprintable()


async def test_a_push_works_when_the_secret_is_gone(linked: Any, short_path: Path, work: Path, git: Git) -> None:
    async with linked():
        (short_path / "secret").unlink()
        await asyncio.to_thread(git, "push", "-q", "origin", "HEAD:refs/heads/main", at=work)
    assert git("rev-parse", "refs/heads/main", at=work.parent / "app.git")
