"""Pushes to a repository that a whole daemon on a cluster follows.

In: a daemon on its stage, and a watch on the cluster. Out: seconds until the object of each branch was changed, and
until each was told Ready; and what git alone needs to bring the same commits here.
"""

import json
import time
from collections.abc import Iterator, Mapping, Sequence

from cluster_changes import Changes, says
from stage import PATIENCE, Stage, git, serves

from orchestrator.cli.daemon_client import Changes as Told
from orchestrator.domain.snapshot import EnvironmentView
from orchestrator.runtimes.kubernetes import KubernetesOptions

_HEALTHY = "origin/main^{tree}"

Commits = Mapping[str, str]
"""What was pushed, by branch."""


def runtime_of(options: KubernetesOptions, kubeconfig: str = "") -> str:
    """Write the settings that let a daemon run in the cluster with these options."""
    kubernetes = {
        "kubeconfig": kubeconfig or options.kubeconfig,
        "namespace": options.namespace,
        "prefix": options.prefix,
        "drain": 0,
    }
    return f"runtime: kubernetes\nkubernetes: {json.dumps(kubernetes)}"


class Pushes:
    """Commits of a clone, pushed to the daemon's repository, and a mirror that fetches them with git alone."""

    def __init__(self, staged: Stage, options: KubernetesOptions, changes: Changes) -> None:
        self._staged, self._options, self._changes = staged, options, changes
        self._url = f"file://{staged.place / 'app'}"
        self._clone, self._mirror = staged.place / "clone", staged.place / "mirror"
        self._pushed = 0
        git(staged.place, "clone", "--quiet", self._url, str(self._clone))
        git(staged.place, "clone", "--quiet", "--mirror", self._url, str(self._mirror))
        self._never_ready = self._make_never_ready()

    def push(self, branches: Sequence[str], *, healthy: bool = True) -> Commits:
        """Push a new commit to each of these branches, all at once."""
        self._pushed += 1
        commits = {branch: self._commit(branch, healthy=healthy) for branch in branches}
        git(self._clone, "push", "--quiet", "origin", *(f"+{c}:refs/heads/{branch}" for branch, c in commits.items()))
        return commits

    def follow(self, commits: Commits) -> tuple[float, float]:
        """Let the daemon look; seconds until every branch's object was changed, and until all were told Ready."""
        with self._staged.daemon.watch() as said:
            self._read_what_is(said)
            began = self._look()
            missing = dict(commits)
            for view in _views(said):
                if serves(view, missing.get(view.branch, "")):
                    del missing[view.branch]
                if not missing:
                    break
            ready = time.perf_counter() - began
        return self._last_changed(commits) - began, ready

    def changed(self, commits: Commits) -> float:
        """Let the daemon look, while nobody watches its pictures; seconds until every branch's object was changed."""
        began = self._look()
        return self._last_changed(commits) - began

    def _look(self) -> float:
        """Let the daemon look from now on; says when now is."""
        self._changes.forget()
        began = time.perf_counter()
        self._staged.daemon.sync()
        return began

    def _read_what_is(self, said: Told) -> None:
        """Take the pictures of now, which are no work of a push."""
        missing = {view.environment for view in self._staged.daemon.environments()}
        for view in _views(said):
            missing.discard(view.environment)
            if not missing:
                return

    def hang(self, branches: Sequence[str]) -> None:
        """Push to branches what never gets Ready, and wait until its pods are there."""
        commits = self.push(branches, healthy=False)
        self._look()
        for branch, commit in commits.items():
            asked, namespaces = says(commit), [self._options.namespace_of(branch)]
            self._changes.last(namespaces, lambda d, a=asked: a(d) and bool(d["status"].get("updatedReplicas")))

    def git_alone(self) -> float:
        """Bring here with git alone what was pushed last; seconds."""
        began = time.perf_counter()
        git(self._mirror, "ls-remote", self._url)
        git(self._mirror, "fetch", "--quiet", self._url, "+refs/heads/*:refs/heads/*")
        return time.perf_counter() - began

    def _last_changed(self, commits: Commits) -> float:
        return max(self._changes.last([self._options.namespace_of(b)], says(c)) for b, c in commits.items())

    def _commit(self, branch: str, *, healthy: bool) -> str:
        tree = _HEALTHY if healthy else self._never_ready
        return git(self._clone, "commit-tree", tree, "-p", "origin/main", "-m", f"Change {branch} ({self._pushed})")

    def _make_never_ready(self) -> str:
        """Write a tree whose pods never get ready."""
        score = self._clone / "part0" / "score.yaml"
        score.write_text(score.read_text().replace("image: .", "image: registry.example/never-ready:1"))
        git(self._clone, "add", ".")
        return git(self._clone, "write-tree")


def _views(said: Told) -> Iterator[EnvironmentView]:
    latest = time.monotonic() + PATIENCE
    while time.monotonic() < latest:
        if isinstance(view := said.take(1.0), EnvironmentView):
            yield view
    raise TimeoutError("the daemon did not get there")
