"""The contract of all runtimes, kept by the Kubernetes runtime on a real control plane."""

from collections.abc import Iterator
from functools import partial

import pytest

from orchestrator.domain.workload import Container, Volume, Workload
from orchestrator.runtimes.kubernetes import KubernetesRuntime
from orchestrator.runtimes.kubernetes.api import Api
from tests.cluster import seeing
from tests.kubernetes.releases import CRASH, GOOD, NEVER, release
from tests.process.running import Watcher
from tests.runtimes.contract import *  # noqa: F403 - the tests
from tests.runtimes.contract import House

UNFIT = Workload("app", "score.yaml", (), (Container("main", GOOD, volumes=(Volume("/data", "x"),)),))


@pytest.fixture
def house(runtime: KubernetesRuntime, eye: Api) -> Iterator[House]:
    behaviours = [partial(release, image=image) for image in (GOOD, CRASH, NEVER)]
    yield House(runtime, Watcher(runtime), *behaviours, UNFIT, "volume", partial(seeing.answer, eye))
