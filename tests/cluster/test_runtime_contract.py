"""The contract of all runtimes, kept by the Kubernetes runtime on a real control plane."""

from collections.abc import Iterator
from functools import partial

import pytest

from orchestrator.domain.entry import Entry
from orchestrator.domain.workload import Container, Volume, Workload
from orchestrator.runtimes.kubernetes import KubernetesRuntime, labels
from orchestrator.runtimes.kubernetes.api import Api
from tests.cluster import seeing
from tests.kubernetes.releases import CRASH, GOOD, NEVER, release
from tests.process.running import Watcher
from tests.runtimes.contract import *  # noqa: F403 - the tests
from tests.runtimes.contract import House

UNFIT = Workload("app", "score.yaml", (), (Container("main", GOOD, volumes=(Volume("/data", "x"),)),))


def inside(eye: Api, entry: Entry) -> str:
    assert entry.pod
    pod = seeing.get(eye, "Pod", entry.pod.namespace, entry.pod.name)
    assert pod
    assert [container["name"] for container in pod["spec"]["containers"]] == list(entry.pod.containers)
    return f"{labels.label(pod, labels.ENVIRONMENT)}/v{labels.label(pod, labels.RELEASE)}"


@pytest.fixture
def house(runtime: KubernetesRuntime, eye: Api) -> Iterator[House]:
    behaviours = [partial(release, image=image) for image in (GOOD, CRASH, NEVER)]
    yield House(
        runtime, Watcher(runtime), *behaviours, UNFIT, "volume", partial(seeing.answer, eye), partial(inside, eye)
    )
