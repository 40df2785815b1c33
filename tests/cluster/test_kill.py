"""Killed between any two requests of a deployment, the next daemon finishes it and leaves nothing behind."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

from orchestrator.runtimes.kubernetes import KubernetesOptions, labels
from orchestrator.runtimes.kubernetes.api import Api
from tests.cluster import one_deployment, seeing
from tests.cluster.rooms import opened
from tests.process.running import eventually

ROOT = Path(__file__).parents[2]
MADE = {
    ("ConfigMap", "app"): 1,
    ("Deployment", "app"): 1,
    ("LimitRange", ""): 1,
    ("NetworkPolicy", ""): 3,
    ("ResourceQuota", ""): 1,
    ("RoleBinding", ""): 1,
    ("Service", "app"): 1,
    ("Service", "other"): 1,
    ("ServiceAccount", ""): 1,
}


def killed_before(number: int, options: KubernetesOptions, environment: str) -> bool:
    written = json.dumps(asdict(options), default=str)
    words = (sys.executable, "-m", "tests.cluster.one_deployment", written, environment, str(number))
    done = subprocess.run(words, cwd=ROOT, check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return done.returncode != 0


def made(eye: Api, options: KubernetesOptions, environment: str) -> dict[tuple[str, str], int]:
    counted: dict[tuple[str, str], int] = {}
    for kind in sorted({kind for kind, _ in MADE}):
        for thing in seeing.listed(eye, kind, options.namespace_of(environment), labels.OWNER):
            key = (kind, labels.label(thing, labels.SERVICE))
            counted[key] = counted.get(key, 0) + 1
    return counted


@pytest.mark.timeout(300)
def test_a_deployment_that_was_cut_off_at_any_request_is_finished_by_the_next_daemon(
    options: KubernetesOptions, eye: Api
) -> None:
    """`ANABRANCH_KILL_ALL=1` kills before every write; else before a few of them."""
    numbers = range(1, 100) if os.environ.get("ANABRANCH_KILL_ALL") else (1, 4, 11, 14, 15)
    for number in numbers:
        environment = f"kill-{number}"
        if not killed_before(number, options, environment):
            break
        with opened(options) as successor:
            assert one_deployment.deploy(successor, environment).wait(30), f"killed before write {number}: not Ready"
            assert made(eye, options, environment) == MADE, f"killed before write {number}"
            assert seeing.answer(eye, successor.address(environment, "app", 80)) == f"{environment}/v1"
            successor.remove_environment(environment)
    assert number >= numbers[-1] or number > 15
    with opened(options) as last:
        for environment in last.environments():
            last.remove_environment(environment)
        eventually(lambda: not seeing.listed(eye, "ConfigMap", options.namespace, labels.INVENTORY), "no inventory", 60)
