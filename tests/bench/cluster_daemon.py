"""From `git push` to the changed object and to Ready, with a whole daemon on a cluster; and that one at rest.

In: options of a room in a cluster. Out: lines of results, beside what git alone needs to bring a commit here.
"""

import json
import threading
import time
from collections.abc import Iterator, Sequence

import figures as told
from cluster_changes import Changes, says
from stage import Stage, git, serves, stage

from orchestrator.domain.snapshot import EnvironmentView
from orchestrator.runtimes.kubernetes import KubernetesOptions

_BRANCH = "branch-1"
_NEVER_READY = 25
_AT_REST = 20.0


def figures(options: KubernetesOptions, *, quick: bool) -> Iterator[str]:
    """Yield lines of results."""
    many, times, changes = 10 if quick else 100, 3 if quick else 20, Changes(options)
    with stage(branches=many + 1, files=1, names=("app",), runtime=runtime_of(options)) as staged:
        pushes = Pushes(staged, options, changes)
        yield _rest(staged, many, 2.0 if quick else _AT_REST)
        alone = [pushes.one() for _ in range(times)]
        for what, index in (("changed object", 0), ("Ready told", 1)):
            ours, theirs = told.median([one[index] for one in alone]), told.median([one[2] for one in alone])
            yield told.added(f"push to {what}, p50", ours, theirs, "ls-remote and fetch")
        yield from pushes.herd([f"branch-{number}" for number in range(1, many + 1)])
        pushes.never_ready(5 if quick else _NEVER_READY)
        beside = [pushes.one() for _ in range(times)]
        ready = (told.median([one[1] for one in pushed]) for pushed in (beside, alone))
        yield told.compared("push to Ready beside some never Ready", *ready, "without them")
    changes.close()


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
        git(staged.place, "clone", "--quiet", self._url, str(self._clone))
        git(staged.place, "clone", "--quiet", "--mirror", self._url, str(self._mirror))

    def one(self) -> tuple[float, float, float]:
        """Push to one branch; seconds until its object was changed, until it was told Ready, and of git alone."""
        changed, ready = self._followed(self.push([_BRANCH]))
        return changed, ready, self._git_alone()

    def push(self, branches: Sequence[str]) -> dict[str, str]:
        """Push a new commit to each of these branches, all at once; gives the commits."""
        commits = {branch: self._commit(branch) for branch in branches}
        git(self._clone, "push", "--quiet", "origin", *(f"{c}:refs/heads/{branch}" for branch, c in commits.items()))
        return commits

    def herd(self, branches: Sequence[str]) -> Iterator[str]:
        """Push to many branches at once, and measure the same."""
        changed, ready = self._followed(self.push(branches))
        theirs = self._git_alone()
        many = len(branches)
        yield told.added(f"push to {many} branches, last changed", changed, theirs, "ls-remote and fetch")
        yield told.added(f"push to {many} branches, last Ready told", ready, theirs, "ls-remote and fetch")

    def never_ready(self, many: int) -> None:
        """Let there be branches whose pods never get ready."""
        git(self._clone, "checkout", "--quiet", "--detach", "origin/main")
        score = self._clone / "part0" / "score.yaml"
        score.write_text(score.read_text().replace("image: .", "image: registry.example/never-ready:1"))
        git(self._clone, "commit", "--quiet", "--all", "--message", "Never be ready")
        commit = git(self._clone, "rev-parse", "HEAD")
        branches = [f"never-{number}" for number in range(many)]
        git(self._clone, "push", "--quiet", "origin", *(f"{commit}:refs/heads/{branch}" for branch in branches))
        self._changes.forget()
        self._staged.daemon.sync()
        self._changes.last([self._options.namespace_of(branch) for branch in branches], says(commit))

    def _commit(self, branch: str) -> str:
        words = ("commit-tree", f"origin/{branch}^{{tree}}", "-p", f"origin/{branch}", "-m", f"Change {branch}")
        return git(self._clone, *words)

    def _followed(self, commits: dict[str, str]) -> tuple[float, float]:
        """Let the daemon look; seconds until every branch's object was changed, and until all were told Ready."""
        missing, said = dict(commits), self._staged.daemon.watch()
        self._changes.forget()
        began = time.perf_counter()
        self._staged.daemon.sync()
        while missing:
            view = said.take(1.0)
            if isinstance(view, EnvironmentView) and serves(view, missing.get(view.branch, "")):
                del missing[view.branch]
            if time.perf_counter() - began > 120:
                raise TimeoutError(f"{', '.join(missing)}: never Ready")
        ready = time.perf_counter() - began
        last = max(self._changes.last([self._options.namespace_of(b)], says(c)) for b, c in commits.items())
        return last - began, ready

    def _git_alone(self) -> float:
        began = time.perf_counter()
        git(self._mirror, "ls-remote", self._url)
        git(self._mirror, "fetch", "--quiet", self._url, "+refs/heads/*:refs/heads/*")
        return time.perf_counter() - began


def _rest(staged: Stage, many: int, seconds: float) -> str:
    rest, used = threading.Event(), staged.cpu()
    rest.wait(seconds)
    share = (staged.cpu() - used) / seconds
    value = f"{staged.memory() / 2**20:.0f} MB, {share:.1%} of a core"
    return told.alone(f"a daemon at rest, {many} environments", value)
