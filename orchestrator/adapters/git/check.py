"""What `anabranch check` asks of git: is it here, is it old, and does a repository answer.

In: nothing, or a URL and the options. Out: one line for a person.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from orchestrator.adapters.git.options import GitOptions
from orchestrator.adapters.git.process import GitRunner
from orchestrator.adapters.git.remote import list_heads
from orchestrator.domain.git_url import GitUrl, validate
from orchestrator.domain.text import printable
from orchestrator.errors import Permanent, Temporary

_PATCHED = ((2, 43, 7), (2, 44, 4), (2, 45, 4), (2, 46, 4), (2, 47, 3), (2, 48, 2), (2, 49, 1), (2, 50, 1))
_VERSION = re.compile(r"git version (\d+)\.(\d+)(?:\.(\d+))?.*")


@dataclass(frozen=True, slots=True)
class GitVersion:
    """The git that is installed; `warning` is empty or one line."""

    text: str
    warning: str = ""


def check(
    url: str,
    options: GitOptions,
    name: str = "repository",
    default_branch: str | None = None,
    globs: Sequence[str] = ("score.yaml",),
) -> str:
    """Ask a repository for its heads and the Score files of its default branch, and say what it answered.

    Raises Permanent or Temporary with what is wrong.
    """
    parsed = validate(url, options.protocols, options.hosts)
    runner = GitRunner(name, parsed, options)
    heads = list_heads(runner, default_branch, None, first_contact=True)
    default = printable(heads.default_branch, 100)
    if heads.proves_no_removal:
        raise Permanent(f"{name}: {url} has no branch {default}; set default_branch to one that it has")
    plain = f"; {parsed.protocol} is not encrypted" if parsed.protocol == "http" else ""
    count = len(heads.branches)
    branches = f"{count} branch{'' if count == 1 else 'es'}"
    found = _score_files(runner, dict(heads.branches)[heads.default_branch], globs)
    return f"{name}: {url} has {branches}, {default} is the default one; {found}{plain}"


def _score_files(runner: GitRunner, commit: str, globs: Sequence[str]) -> str:
    from orchestrator.adapters.git.peek import score_files  # noqa: PLC0415  (GitPython needs git to be imported)

    try:
        found = score_files(runner, commit, globs)
    except Temporary as error:
        return f"its files were not looked at: {error}"
    if not found:
        return f"no {printable(' or '.join(globs), 100)} there: add one, or set `score` of this repository"
    return f"{printable(found[0], 100) if len(found) == 1 else f'{len(found)} Score files'} found"


def git_version() -> GitVersion:
    """Tell which git runs here; raises Permanent when there is none."""
    outcome = GitRunner("git", GitUrl("", "file"), GitOptions(deadline=10)).run("version")
    return judge_version(outcome.output.decode("utf-8", "replace").strip())


def judge_version(line: str) -> GitVersion:
    """Read `git version 2.39.5` and warn of a release that CVE-2025-48384 is known of."""
    match = _VERSION.fullmatch(line)
    if match is None:
        return GitVersion(printable(line, 80), "the version of git cannot be read")
    version = (int(match[1]), int(match[2]), int(match[3] or 0))
    patched = next((release for release in _PATCHED if release[:2] == version[:2]), _PATCHED[0])
    if version >= max(_PATCHED) or (version >= patched and version[:2] == patched[:2]):
        return GitVersion(printable(line, 80))
    return GitVersion(
        printable(line, 80),
        "git is older than 2.43.7, 2.45.4 or 2.50.1 (CVE-2025-48384); update it, unless your distribution patched it",
    )
