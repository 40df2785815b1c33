"""What a daemon sends that lost its lease without knowing it is refused by the apiserver itself."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from orchestrator.check import CheckRow
from orchestrator.check.cluster import check_cluster
from orchestrator.errors import Temporary
from orchestrator.runtimes.kubernetes import KubernetesOptions, KubernetesRuntime
from orchestrator.runtimes.kubernetes.api import Api
from orchestrator.runtimes.kubernetes.connection import Request
from orchestrator.settings import Settings
from tests.cluster import seeing
from tests.cluster.kubectl import Kubectl
from tests.cluster.rooms import opened
from tests.eventually import DEADLINE, eventually
from tests.kubernetes.releases import release
from tests.process.running import Watcher

ADMISSION = Path(__file__).resolve().parents[2] / "config" / "kubernetes" / "admission.yaml"
NAME, HOLDS = "anabranch-one-writer", "the apiserver sees to it"


@pytest.fixture
def fenced(options: KubernetesOptions, kubectl: Kubectl, tmp_path: Path) -> Iterator[KubernetesOptions]:
    """A daemon with an account of its own, and before it the policy that config/kubernetes installs."""
    own = options.namespace
    kubectl("-n", own, "create", "serviceaccount", "daemon")
    kubectl("create", "clusterrolebinding", own, "--clusterrole=cluster-admin", f"--serviceaccount={own}:daemon")
    written = yaml.safe_load(Path(options.kubeconfig).read_text())
    token = kubectl("-n", own, "create", "token", "daemon").strip()
    written["users"] = [{"name": written["users"][0]["name"], "user": {"token": token}}]
    file = tmp_path / "daemon.kubeconfig"
    file.write_text(yaml.safe_dump(written))
    things = [thing for thing in yaml.safe_load_all(ADMISSION.read_text()) if NAME in thing["metadata"]["name"]]
    text = yaml.safe_dump_all(things).replace("anabranch:anabranch-daemon", f"{own}:daemon").replace(NAME, own)
    for key in ("anabranch.dev/owner", "namespace", "kubernetes.io/metadata.name"):
        text = text.replace(f"{key}: anabranch", f"{key}: {own}")
    kubectl("apply", "--server-side", "-f", "-", stdin=text)
    yield replace(options, kubeconfig=str(file))
    kubectl("delete", "-f", "-", stdin=text)
    kubectl("delete", "clusterrolebinding", own)


class StandsStill:
    """A runtime whose requests wait, though its clock does not tell it that any time passes."""

    def __init__(self, runtime: KubernetesRuntime) -> None:
        self.runtime = runtime
        self.waiting: list[str] = []
        self.answered: list[tuple[str, int]] = []
        self.refused: list[str] = []
        self._connection = runtime._api._connection
        self._send, self._on, self._threads = self._connection.send, threading.Event(), list[threading.Thread]()
        self._connection.send = self._wait  # type: ignore[method-assign]
        epoch = runtime._lease.permit()
        runtime._api.permit = lambda: epoch

    def order(self, give: Callable[[], object]) -> None:
        """Give an order; its first request waits when this returns."""
        before = len(self.waiting)
        self._threads.append(threading.Thread(target=self._give, args=(give,)))
        self._threads[-1].start()
        eventually(lambda: len(self.waiting) > before, "a request waits")

    def go_on(self) -> None:
        """Send what waits, the lease's renewal excepted, wait until each order ended, and let the clock tell."""
        self._on.set()
        for thread in self._threads:
            thread.join(DEADLINE)
        self.runtime._api.permit = self.runtime._lease.permit

    def _give(self, give: Callable[[], object]) -> None:
        try:
            give()
        except Temporary as error:
            self.refused.append(str(error))

    def _wait(self, request: Request) -> object:
        if "/leases/" in request.path:
            raise Temporary("it stands still")
        if request.method != "GET":
            self.waiting.append(request.what)
            self._on.wait(DEADLINE)
        answer = self._send(request)
        if request.method != "GET":
            self.answered.append((request.what, answer.status))
        return answer


def test_requests_that_stood_still_while_another_daemon_took_over_change_nothing(
    fenced: KubernetesOptions, eye: Api, tmp_path: Path
) -> None:
    with opened(fenced, lease=3.0) as first:
        watcher = Watcher(first)
        for environment in ("bugfix", "other"):
            first.apply(release(environment, 1))
            watcher.ready(environment, 1)
        old = StandsStill(first)
        old.order(lambda: first.apply(release("bugfix", 2)))
        old.order(lambda: first.apply(release("bugfix", 1, service="another")))
        old.order(lambda: first.ensure_environment("new", "new"))
        old.order(lambda: first.remove_environment("other"))
        assert [what.split()[0] for what in old.waiting] == ["patch", "patch", "create", "delete"]
        with opened(fenced, state=tmp_path / "second") as second:
            before = versions(fenced, eye)
            old.go_on()
            assert versions(fenced, eye) == before
            assert [status for _, status in old.answered if status < 300] == []
            assert all("another daemon has taken over" in line or "somebody else" in line for line in old.refused)
            assert len(old.refused) == 4
            watcher = Watcher(second)
            second.apply(release("bugfix", 2))
            watcher.ready("bugfix", 2)
            second.remove_environment("other")
            going = seeing.get(eye, "Namespace", "", fenced.namespace_of("other"))
            assert going is None or "deletionTimestamp" in going["metadata"]


def test_whether_the_apiserver_keeps_an_old_daemon_out_is_checked_and_told_once_at_the_start(
    fenced: KubernetesOptions, options: KubernetesOptions, caplog: pytest.LogCaptureFixture
) -> None:
    def row(asked: KubernetesOptions) -> CheckRow:
        kubernetes = {"kubeconfig": asked.kubeconfig, "namespace": asked.namespace, "prefix": asked.prefix}
        return check_cluster(Settings.model_validate({"runtime": "kubernetes", "kubernetes": kubernetes}))[-1]

    eventually(lambda: row(fenced) == CheckRow("one writer", NAME, "", ok=True, text=HOLDS), "it holds")
    with opened(fenced) as runtime:
        runtime.ensure_environment("bugfix", "bugfix")
        assert row(fenced).text == HOLDS
    assert "admission.yaml" not in caplog.text
    unfenced = row(options)
    assert unfenced.ok
    assert "apply config/kubernetes/admission.yaml with this daemon's account" in unfenced.text
    with opened(options):
        assert caplog.text.count(unfenced.text) == 1


def versions(options: KubernetesOptions, eye: Api) -> dict[str, str]:
    """What there is of the room, each with its version; what other controllers write is left out."""
    found = {}
    for namespace in (options.namespace, *map(options.namespace_of, ("bugfix", "other", "new"))):
        for kind in ("Namespace", "ConfigMap", "Deployment", "Service"):
            where = namespace if kind != "Namespace" else ""
            for thing in seeing.listed(eye, kind, where):
                if where or thing["metadata"]["name"] == namespace:
                    found[f"{kind} {namespace} {thing['metadata']['name']}"] = thing["metadata"]["resourceVersion"]
    return found
