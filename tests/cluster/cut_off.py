"""A deployment that is cut off before its n-th write, and the next daemon that has to finish it.

In: n. Out: whether there was an n-th write; an AssertionError says what the next daemon left undone or made twice.
"""

import json
import signal
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

from orchestrator.runtimes.kubernetes import KubernetesOptions, labels
from orchestrator.runtimes.kubernetes.api import Api
from tests.cluster import one_deployment, seeing
from tests.cluster.made import DEPLOYED, FURNITURE, made
from tests.cluster.rooms import opened
from tests.eventually import eventually

_ROOT = Path(__file__).parents[2]


def finished_after(number: int, options: KubernetesOptions, eye: Api) -> bool:
    """Kill a daemon before this write of a deployment, let another one finish it, and remove all of it."""
    environment = f"kill-{number}"
    done = _one_deployment(options, environment, number)
    if done.returncode == 0:
        return False
    assert done.returncode == -signal.SIGKILL, done.stderr
    with opened(options) as successor:
        assert one_deployment.deploy(successor, environment).wait(30), f"killed before write {number}: not Ready"
        assert made(eye, options, environment) == DEPLOYED, f"killed before write {number}"
        assert seeing.answer(eye, successor.address(environment, "app", 80)) == f"{environment}/v1"
        for service in ("app", "other"):
            successor.route(environment, service, None)
        successor.remove(environment, "app")
        eventually(
            lambda: made(eye, options, environment) == FURNITURE, f"killed before write {number}: all is removed"
        )
        successor.remove_environment(environment)
    return True


def nothing_is_left(options: KubernetesOptions, eye: Api) -> None:
    """Remove all environments, and wait until none is written down any more."""
    with opened(options) as last:
        for environment in last.environments():
            last.remove_environment(environment)
        eventually(lambda: not seeing.listed(eye, "ConfigMap", options.namespace, labels.INVENTORY), "no inventory", 60)


def writes(options: KubernetesOptions) -> int:
    """Count the writes of a deployment that nobody cuts off."""
    done = _one_deployment(options, "whole", 0)
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


def _one_deployment(options: KubernetesOptions, environment: str, last: int) -> "subprocess.CompletedProcess[str]":
    written = json.dumps(asdict(options), default=str)
    words = (sys.executable, "-m", "tests.cluster.one_deployment", written, environment, str(last))
    return subprocess.run(words, cwd=_ROOT, check=False, capture_output=True, text=True, timeout=60)
