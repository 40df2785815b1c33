"""Which Score files a commit has, without a mirror: for `anabranch check`.

In: a runner, a commit, globs. Out: paths. One commit is fetched into a directory that is removed again; a host that can
leave the files' contents out sends directories only.
"""

import tempfile
from collections.abc import Sequence

from orchestrator.adapters.git.head import Pattern, after
from orchestrator.adapters.git.process import GitRunner
from orchestrator.errors import Temporary

_FETCH = ("fetch", "--quiet", "--depth=1", "--filter=blob:none", "--no-tags", "--no-write-fetch-head")


def score_files(runner: GitRunner, commit: str, globs: Sequence[str]) -> tuple[str, ...]:
    """Name the Score files; raises Temporary when the host does not hand the commit out, or not in time."""
    patterns = frozenset(tuple(glob.split("/")) for glob in globs)
    with tempfile.TemporaryDirectory(prefix="anabranch-check-") as directory:
        here = f"--git-dir={directory}"
        _demand(runner, "init", "--bare", "--quiet", "--", directory)
        _demand(runner, here, *_FETCH, "--", runner.url.text, commit)
        listed = _demand(runner, here, "ls-tree", "-r", "-z", "--name-only", commit)
    paths = listed.decode("utf-8", "surrogateescape").split("\0")
    return tuple(path for path in paths if _matches(path, patterns))


def _matches(path: str, patterns: frozenset[Pattern]) -> bool:
    rest = patterns
    for step in path.split("/"):
        rest = after(rest, step)
    return () in rest


def _demand(runner: GitRunner, *arguments: str) -> bytes:
    outcome = runner.run(*arguments)
    if outcome.code != 0:
        raise Temporary(outcome.reason)
    return outcome.output
