"""A Kubernetes cluster for all tests of a run, and a namespace for each test."""

import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator.runtimes.kubernetes import KubernetesOptions, KubernetesRuntime
from orchestrator.runtimes.kubernetes.api import Api
from orchestrator.runtimes.kubernetes.connection import Connection
from tests.cluster import binaries, offered
from tests.cluster.control_plane import ControlPlane, control_plane
from tests.cluster.fault_proxy import FaultProxy, fault_proxy
from tests.cluster.kubectl import Kubectl
from tests.cluster.rooms import grant, opened, room
from tests.kubernetes import releases

_HERE = Path(__file__).parent


def _lack(config: pytest.Config) -> str:
    """Say in one line why there is no control plane of our own, or return the empty text."""
    if config.getoption("--cluster"):
        return "needs a control plane of its own; run without --cluster"
    try:
        binaries.find(os.environ)
    except binaries.Missing as missing:
        return str(missing)
    return ""


def pytest_report_collectionfinish(config: pytest.Config, items: list[pytest.Item]) -> str:
    """Say before the first test that those of a cluster are skipped."""
    needing = [item for item in items if item.path.parent == _HERE and "plane" in getattr(item, "fixturenames", ())]
    lack = _lack(config) if needing else ""
    return f"skipping {len(needing)} tests of a cluster: {lack}" if lack else ""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Give all that are skipped for one reason one place, so that the summary tells them in one line."""
    report: pytest.TestReport = yield
    if report.skipped and isinstance(report.longrepr, tuple):
        report.longrepr = (str(_HERE), 0, report.longrepr[2])
    return report


@pytest.fixture(scope="session")
def plane(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """A control plane of our own, on which pods only pretend; in CI a missing one is a failure."""
    if lack := _lack(request.config):
        if os.environ.get("CI") and not request.config.getoption("--cluster"):
            pytest.fail(lack, pytrace=False)
        pytest.skip(lack)
    with control_plane(binaries.find(os.environ), tmp_path_factory.mktemp("plane")) as running:
        yield running


@pytest.fixture(scope="session")
def kubectl(request: pytest.FixtureRequest) -> Kubectl:
    """kubectl for the cluster that was offered with --cluster, else for one of our own."""
    if not request.config.getoption("--cluster"):
        plane: ControlPlane = request.getfixturevalue("plane")
        grant(plane.kubectl)
        return plane.kubectl
    program, kubeconfig = shutil.which("kubectl"), os.environ.get("KUBECONFIG")
    if not (program and kubeconfig):
        pytest.fail("--cluster needs kubectl on PATH, and KUBECONFIG set to the cluster's file", pytrace=False)
    found = Kubectl(Path(program), Path(kubeconfig))
    if not request.config.getoption("--used-cluster"):
        try:
            offered.check(found)
        except offered.Used as used:
            pytest.fail(str(used), pytrace=False)
    if not offered.pretends(found):
        releases.for_real(request.config.getoption("--image"))
    grant(found)
    return found


@pytest.fixture
def namespace(kubectl: Kubectl) -> Iterator[str]:
    """A namespace that only this test uses, ready to take pods; nobody waits until it is gone."""
    name = f"test-{secrets.token_hex(4)}"
    offered.make_namespace(kubectl, name)
    kubectl("wait", "--timeout=60s", "--for=create", "-n", name, "serviceaccount/default")
    yield name
    kubectl("delete", "namespace", name, "--wait=false")


@pytest.fixture
def proxy(plane: ControlPlane, tmp_path: Path) -> Iterator[FaultProxy]:
    """A proxy before the control plane that answers wrongly when it is told so."""
    with fault_proxy(plane.kubeconfig.parent, tmp_path / "kubeconfig") as running:
        yield running


@pytest.fixture
def options(kubectl: Kubectl, tmp_path: Path) -> Iterator[KubernetesOptions]:
    """A room of its own in the cluster."""
    with room(kubectl, tmp_path / "runtime") as made:
        yield made


@pytest.fixture
def runtime(options: KubernetesOptions) -> Iterator[KubernetesRuntime]:
    """A runtime of its own, as a daemon has one."""
    with opened(options) as running:
        yield running


@pytest.fixture
def eye(options: KubernetesOptions) -> Iterator[Api]:
    """Somebody who asks the cluster directly."""
    api = Api(Connection(options))
    yield api
    api.close()
