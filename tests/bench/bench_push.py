"""From the end of a `git push` to the new release being Ready, beside what git alone needs to bring the commit here."""

import time
from collections.abc import Iterator
from pathlib import Path

import figures as told
from stage import Stage, git, serves, stage

from orchestrator.domain.snapshot import EnvironmentView


def figures(*, quick: bool) -> Iterator[str]:
    """Yield lines of results."""
    ours, theirs = [], []
    with stage(branches=1, files=1) as staged:
        clone, mirror = staged.place / "clone", staged.place / "mirror"
        url = f"file://{staged.place / 'app'}"
        git(staged.place, "clone", "--quiet", url, str(clone))
        git(staged.place, "clone", "--quiet", "--mirror", url, str(mirror))
        for number in range(2 if quick else 10):
            commit = _push(clone, f"push-{number}")
            ours.append(_until_ready(staged, commit))
            began = time.perf_counter()
            git(mirror, "ls-remote", url)
            git(mirror, "fetch", "--quiet", url, "+refs/heads/*:refs/heads/*")
            theirs.append(time.perf_counter() - began)
    yield told.compared("push to Ready, p50", told.median(ours), told.median(theirs), "ls-remote and fetch")
    yield told.compared("push to Ready, slowest", max(ours), max(theirs), "ls-remote and fetch")


def _push(clone: Path, branch: str) -> str:
    git(clone, "checkout", "--quiet", "-B", branch, "origin/main")
    (clone / "part0" / "note").write_text(branch)
    git(clone, "add", ".")
    git(clone, "commit", "--quiet", "--message", branch)
    git(clone, "push", "--quiet", "origin", branch)
    return git(clone, "rev-parse", "HEAD")


def _until_ready(staged: Stage, commit: str) -> float:
    with staged.daemon.watch() as changes:
        began = time.perf_counter()
        staged.daemon.sync()
        while time.perf_counter() - began < 60:
            change = changes.take(1.0)
            if isinstance(change, EnvironmentView) and serves(change, commit):
                return time.perf_counter() - began
    raise TimeoutError(f"{commit} was never Ready")
