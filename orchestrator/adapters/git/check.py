"""What `anabranch check` asks of git: is it here, is it old, and does a repository answer.

In: nothing, or a URL and the options. Out: one line for a person.
"""

import re
from dataclasses import dataclass

from orchestrator.adapters.git.options import GitOptions
from orchestrator.adapters.git.process import GitRunner
from orchestrator.adapters.git.remote import list_heads
from orchestrator.domain.git_url import GitUrl, validate
from orchestrator.domain.text import printable
from orchestrator.errors import Permanent

_PATCHED = ((2, 43, 7), (2, 44, 4), (2, 45, 4), (2, 46, 4), (2, 47, 3), (2, 48, 2), (2, 49, 1), (2, 50, 1))
_VERSION = re.compile(r"git version (\d+)\.(\d+)(?:\.(\d+))?.*")


@dataclass(frozen=True, slots=True)
class GitVersion:
    """The git that is installed; `warning` is empty or one line."""

    text: str
    warning: str = ""


def check(url: str, options: GitOptions, name: str = "repository", default_branch: str | None = None) -> str:
    """Ask a repository for its heads and say what it answered; raises Permanent or Temporary with what is wrong."""
    parsed = validate(url, options.protocols, options.hosts)
    heads = list_heads(GitRunner(name, parsed, options), default_branch, None, first_contact=True)
    default = printable(heads.default_branch, 100)
    if heads.proves_no_removal:
        raise Permanent(f"{name}: {url} has no branch {default}; set default_branch to one that it has")
    plain = f"; {parsed.protocol} is not encrypted" if parsed.protocol == "http" else ""
    return f"{name}: {url} has {len(heads.branches)} branches, {default} is the default one{plain}"


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
