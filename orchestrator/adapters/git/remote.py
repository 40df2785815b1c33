"""Ask a git host which branches a repository has: one `ls-remote`, no mirror needed.

In: a runner, the default branch of the settings, what was known before. Out: Heads, or an error. An error is never an
empty answer, and an empty answer is never a removal.
"""

from orchestrator.adapters.git.heads import Branches, Heads
from orchestrator.adapters.git.listing import read_remote
from orchestrator.adapters.git.process import GitRunner
from orchestrator.errors import Permanent, Temporary

_SHA1_DIGITS = 40


def list_heads(
    runner: GitRunner, default_branch: str | None, last_default: str | None, *, first_contact: bool
) -> Heads:
    """List the heads of a remote.

    `default_branch` is the setting; without one, HEAD says which it is, and when it no longer does, `last_default`.
    Raises Temporary when the host gives no answer or no branch at first contact, Permanent when nothing says which
    branch is the default one.
    """
    named, branches = read_remote(ask(runner))
    if any(len(commit) != _SHA1_DIGITS for _, commit in branches):
        raise Permanent(f"{runner.name}: repositories with SHA-256 object ids are not supported yet")
    if not branches and first_contact:
        raise Temporary(f"{runner.name}: {runner.url.text} has no branch yet; waiting for its first push")
    default = default_branch or (named if named in dict(branches) else None) or last_default
    if default is None:
        raise _no_default(runner, branches)
    return Heads(default, branches, proves_no_removal=default not in dict(branches))


def ask(runner: GitRunner) -> bytes:
    """Run the `ls-remote`; raises Temporary when it fails."""
    outcome = runner.run("ls-remote", "--symref", "--", runner.url.text, "HEAD", "refs/heads/*")
    if outcome.code != 0:
        raise Temporary(f"{runner.name}: {runner.url.text} cannot be listed: {outcome.reason}")
    return outcome.output


def _no_default(runner: GitRunner, branches: Branches) -> Permanent:
    return Permanent(
        f"{runner.name}: HEAD of {runner.url.text} names none of its {len(branches)} branches; "
        "set default_branch of this repository in the settings, or correct HEAD there with git symbolic-ref"
    )
