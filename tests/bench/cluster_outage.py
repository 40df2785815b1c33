"""An apiserver that is gone for a minute during a roll-out, then connections that fall silent without being closed.

In: `--seconds` (how long it is gone, a minute at most), `--seed`. Out: one line of figures; exit code 1 with the fault
when something was lost, made twice or deleted, not all was Ready within 60 seconds of its return, drift was not put
right within 90 seconds, the daemon asked again and again without a pause, or its memory grew. The judge is the cluster,
and a proxy that sees every request.
"""

import argparse
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

from cluster_changes import Changes
from cluster_plane import planed, programs
from cluster_pushes import Pushes, runtime_of
from stage import Stage, serves, stage

from orchestrator.runtimes.kubernetes import KubernetesOptions, labels
from orchestrator.runtimes.kubernetes.api import Api
from orchestrator.runtimes.kubernetes.connection import Connection
from tests.cluster import seeing
from tests.cluster.binaries import Binaries
from tests.cluster.control_plane import ControlPlane
from tests.cluster.fault_proxy import FaultProxy, fault_proxy
from tests.eventually import eventually

BRANCHES = [f"branch-{number}" for number in range(1, 11)]
LONGEST, BACK_AGAIN, SEEN_WITHIN = 60.0, 60.0, 90.0
MOST_GROWN = 20 * 2**20
SOON, A_SECOND = 120, 1.5
"""Requests that are allowed at once, and more for each second: every watch begins with short pauses."""
Uids = dict[tuple[str, str, str], str]


def main(arguments: list[str]) -> int:
    """Fail once in both ways."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=LONGEST)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 2**32)
    given = parser.parse_args(arguments)
    found = programs()
    try:
        print(f"outage: {run(found, min(LONGEST, given.seconds), given.seed)}" if found else "", flush=True)
    except (AssertionError, TimeoutError) as fault:
        print(f"outage: FAULT {fault}", flush=True)
        return 1
    return 0


def run(found: Binaries, seconds: float, seed: int) -> str:
    """Run a daemon behind a proxy, and fail; says what was seen."""
    with (
        planed(found) as (plane, options),
        tempfile.TemporaryDirectory() as place,
        fault_proxy(plane.kubeconfig.parent, Path(place) / "kubeconfig") as proxy,
        stage(len(BRANCHES) + 1, 1, ("app",), runtime_of(options, str(proxy.kubeconfig))) as staged,
    ):
        field = Field(plane, options, proxy, staged)
        told = f"{field.outage(seconds)}; {field.silence(random.Random(seed).choice(BRANCHES))}"
        field.close()
        return told


class Field:
    """A control plane, the proxy before it, the daemon behind that, and an eye that asks past the proxy."""

    def __init__(self, plane: ControlPlane, options: KubernetesOptions, proxy: FaultProxy, staged: Stage) -> None:
        self._plane, self._options, self._proxy, self._staged = plane, options, proxy, staged
        self._changes = Changes(options)
        self._pushes = Pushes(staged, options, self._changes)
        self._eye = Api(Connection(options))

    def close(self) -> None:
        """Ask no more."""
        self._changes.close()
        self._eye.close()

    def outage(self, seconds: float) -> str:
        """Kill the apiserver while a push is rolled out, and start it again."""
        before, memory = self._uids(), self._staged.memory()
        commits = self._pushes.push(BRANCHES)
        self._staged.daemon.sync()
        with self._plane.outage():
            asked = self._asked_within(seconds)
            grown = self._staged.memory() - memory
        began = time.monotonic()
        eventually(lambda: not self._not_asked(commits), "every push is asked of the cluster", BACK_AGAIN)
        back = time.monotonic() - began
        eventually(lambda: self._all_serve(commits), "every push is Ready", BACK_AGAIN - back)
        ready = time.monotonic() - began
        assert self._uids() == before, "something was deleted or made twice"
        self._check(asked, grown, seconds)
        told = f"gone for {seconds:.0f} s: {asked} requests, {grown / 2**20:+.1f} MB"
        return f"{told}, all asked for {back:.1f} s after, all Ready {ready:.1f} s after"

    def silence(self, branch: str) -> str:
        """Let every connection that is open fall silent, and delete what the daemon then does not hear of."""
        memory, namespace = self._staged.memory(), self._options.namespace_of(branch)
        self._proxy.abandon()
        self._proxy.seen.clear()
        self._plane.kubectl("-n", namespace, "delete", "service", "app-0")
        began = time.monotonic()
        eventually(
            lambda: seeing.get(self._eye, "Service", namespace, "app-0"),
            f"the Service of {branch} is back",
            SEEN_WITHIN,
        )
        missed, watches = time.monotonic() - began, self._watches()
        assert max(watches.values()) <= 3, f"watches were opened again and again: {watches}"
        grown = self._staged.memory() - memory
        self._check(len(self._proxy.seen), grown, missed)
        return f"silent: drift put right after {missed:.1f} s, {grown / 2**20:+.1f} MB"

    def _asked_within(self, seconds: float) -> int:
        self._proxy.seen.clear()
        threading.Event().wait(seconds)
        return len(self._proxy.seen)

    def _watches(self) -> Counter[str]:
        return Counter(seen.path.partition("?")[0] for seen in self._proxy.seen if "watch=1" in seen.path)

    def _check(self, asked: int, grown: int, seconds: float) -> None:
        assert asked <= SOON + A_SECOND * seconds, f"{asked} requests in {seconds:.0f} s"
        assert grown <= MOST_GROWN, f"{grown / 2**20:.0f} MB more memory"

    def _all_serve(self, commits: dict[str, str]) -> bool:
        views = {view.branch: view for view in self._staged.daemon.environments()}
        return all(serves(views[branch], commit) for branch, commit in commits.items())

    def _not_asked(self, commits: dict[str, str]) -> list[str]:
        """Name the branches whose Deployment is not asked to run the commit."""
        found = {b: seeing.get(self._eye, "Deployment", self._options.namespace_of(b), "app-0") for b in commits}
        return [b for b, commit in commits.items() if labels.annotation(found[b] or {}, labels.COMMIT) != commit]

    def _uids(self) -> Uids:
        """Name all that is there of the services, and of their environments."""
        found: Uids = {}
        for namespace in map(self._options.namespace_of, BRANCHES):
            for kind in ("Deployment", "Service", "NetworkPolicy", "RoleBinding"):
                for thing in seeing.listed(self._eye, kind, namespace):
                    found[kind, namespace, thing["metadata"]["name"]] = thing["metadata"]["uid"]
        return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
