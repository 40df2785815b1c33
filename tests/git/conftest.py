"""Real repositories below tmp_path, and mirrors of them."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import git  # noqa: F401  (its import runs `git version` once; the traces of the tests begin after that)
import pytest

from orchestrator.adapters.git import GitOptions, Mirror

_AUTHOR = {
    "GIT_AUTHOR_NAME": "A",
    "GIT_AUTHOR_EMAIL": "a@example.org",
    "GIT_COMMITTER_NAME": "A",
    "GIT_COMMITTER_EMAIL": "a@example.org",
    "GIT_AUTHOR_DATE": "1700000000 +0000",
    "GIT_COMMITTER_DATE": "1700000000 +0000",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
}
Content = bytes | str | tuple[int, bytes]


class Remote:
    """A bare repository to push to, written with plumbing so that any name and any mode can be in it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.git_program = str(shutil.which("git"))
        self.git("init", "--bare", "--quiet", "--initial-branch=main", str(path), at=None)

    def git(self, *arguments: bytes | str, at: str | None = "", stdin: bytes = b"") -> bytes:
        """Run git on this repository with an environment of its own."""
        where = [] if at is None else [f"--git-dir={self.path}"]
        command = [self.git_program, *where, *arguments]
        environment = {"PATH": os.environ["PATH"], **_AUTHOR}
        return subprocess.run(command, input=stdin, env=environment, check=True, capture_output=True).stdout.strip()

    def blob(self, data: bytes) -> str:
        return self.git("hash-object", "-w", "--stdin", stdin=data).decode()

    def raw(self, kind: str, data: bytes) -> str:
        """Write an object as it is, however broken."""
        return self.git("hash-object", "-w", "--literally", "-t", kind, "--stdin", stdin=data).decode()

    def tree(self, files: dict[str, Content]) -> str:
        """Write a tree; a value is a text, bytes, or (mode, bytes); mode 0o160000 is a submodule."""
        levels: dict[str, dict[str, Content]] = {}
        lines = []
        for path, content in files.items():
            head, slash, rest = path.partition("/")
            if slash:
                levels.setdefault(head, {})[rest] = content
            else:
                lines.append(self._line(head, content))
        lines += [f"040000 tree {self.tree(below)}\t".encode() + _bytes(name) for name, below in levels.items()]
        return self.git("mktree", "-z", stdin=b"\0".join([*lines, b""])).decode()

    def _line(self, name: str, content: Content) -> bytes:
        mode, data = content if isinstance(content, tuple) else (0o100644, content)
        if mode == 0o160000:
            return f"160000 commit {'1' * 40}\t{name}".encode()
        data = data.encode() if isinstance(data, str) else data
        return f"{mode:o} blob {self.blob(data)}\t".encode() + _bytes(name)

    def commit(self, files: dict[str, Content], message: str = "Change", parent: str | None = None) -> str:
        parents = ["-p", parent] if parent else []
        return self.git("commit-tree", self.tree(files), *parents, stdin=message.encode()).decode()

    def push(self, branch: bytes | str, commit: str) -> str:
        """Point a branch at a commit, whatever it pointed to before."""
        self.point({branch: commit})
        return commit

    def point(self, heads: dict[bytes | str, str]) -> None:
        lines = [
            b"update refs/heads/" + _bytes(name) + b"\0" + commit.encode() + b"\0" for name, commit in heads.items()
        ]
        self.git("update-ref", "-z", "--stdin", stdin=b"".join(line + b"\0" for line in lines))

    def delete(self, *branches: bytes | str) -> None:
        lines = [b"delete refs/heads/" + _bytes(name) + b"\0\0" for name in branches]
        self.git("update-ref", "-z", "--stdin", stdin=b"".join(lines))


def _bytes(name: bytes | str) -> bytes:
    return name if isinstance(name, bytes) else name.encode("utf-8", "surrogateescape")


@pytest.fixture
def options() -> GitOptions:
    return GitOptions(protocols=("https", "ssh", "http", "file"), deadline=20, clone_deadline=20, stall=20)


@pytest.fixture
def remote(tmp_path: Path) -> Remote:
    return Remote(tmp_path / "remote.git")


@pytest.fixture
def make_mirror(tmp_path: Path, options: GitOptions) -> Iterator[Callable[..., Mirror]]:
    """Make opened mirrors: `make_mirror(url, default_branch=None, directory="mirror", **changed options)`."""
    made: list[Mirror] = []

    def make(
        url: str | Path, default_branch: str | None = None, directory: str = "mirror", **changes: object
    ) -> Mirror:
        changed = replace(options, **changes)  # type: ignore[arg-type]
        mirror = Mirror(tmp_path / directory, "app", str(url), changed, default_branch)
        mirror.open()
        made.append(mirror)
        return mirror

    yield make
    for mirror in made:
        mirror.close()


@pytest.fixture
def mirror(make_mirror: Callable[..., Mirror], remote: Remote) -> Mirror:
    return make_mirror(remote.path)


@pytest.fixture
def clone_path(tmp_path: Path) -> Path:
    """Where the bare clone of `mirror` is."""
    return tmp_path / "mirror" / "git"


class Trace:
    """What every git process that we started was given."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def arguments(self) -> list[list[str]]:
        written = sorted(self._directory.glob("*.cmdline"), key=lambda file: (file.stat().st_mtime_ns, int(file.stem)))
        return [self._words(file)[1:] for file in written]

    def environments(self) -> list[dict[str, str]]:
        return [dict(word.split("=", 1) for word in self._words(file)) for file in self._directory.glob("*.environ")]

    @staticmethod
    def _words(file: Path) -> list[str]:
        return [os.fsdecode(word) for word in file.read_bytes().split(b"\0")[:-1]]


@pytest.fixture
def put_on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Let a shell script stand where git is: `put_on_path(script)`."""

    def put(script: str) -> None:
        program = tmp_path / "bin" / "git"
        program.parent.mkdir()
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")

    return put


@pytest.fixture
def trace(tmp_path: Path, remote: Remote, put_on_path: Callable[[str], None]) -> Trace:
    """Record the arguments and the environment of every git process from now on."""
    directory = tmp_path / "trace"
    directory.mkdir()
    copies = (f'cat /proc/$$/{what} > "{directory}/$$.{what}"' for what in ("cmdline", "environ"))
    put_on_path("\n".join((*copies, f'exec {remote.git_program} "$@"')))
    return Trace(directory)
