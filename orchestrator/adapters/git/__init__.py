"""Git: the heads of a repository, the Score files of a commit, a tree on disk. Nobody else speaks to git.

`Mirror` is the door; `check` and `git_version` are for `anabranch check`. GitPython is imported late, inside `Mirror`:
it refuses to be imported where there is no git.
"""

from orchestrator.adapters.git.check import GitVersion, check, git_version
from orchestrator.adapters.git.heads import HeadContent, Heads
from orchestrator.adapters.git.mirror import Mirror
from orchestrator.adapters.git.options import GitOptions
from orchestrator.adapters.git.places import Places

__all__ = ["GitOptions", "GitVersion", "HeadContent", "Heads", "Mirror", "Places", "check", "git_version"]
