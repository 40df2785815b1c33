"""A secret variable is in a Secret that its pods read, and nowhere else; nobody here reads it back."""

import base64
import json

import pytest

from orchestrator.runtimes.kubernetes import KubernetesOptions, KubernetesRuntime, labels
from orchestrator.runtimes.kubernetes.api import Api
from orchestrator.runtimes.kubernetes.kinds import KINDS
from tests.cluster import seeing
from tests.cluster.kubectl import Kubectl
from tests.cluster.rooms import opened
from tests.cluster.test_writes import recorded
from tests.eventually import eventually
from tests.kubernetes.releases import NEVER, release
from tests.process.running import Watcher

CANARY = "canary-3f9a"
SECRET = (("DB_PASSWORD", CANARY),)


@pytest.fixture
def watcher(runtime: KubernetesRuntime) -> Watcher:
    return Watcher(runtime)


def secrets(options: KubernetesOptions, eye: Api) -> list[str]:
    """Read the values of the Secrets of services."""
    found = seeing.listed(eye, "Secret", options.namespace_of("bugfix"), labels.SERVICE)
    return sorted(base64.b64decode(value).decode() for thing in found for value in thing["data"].values())


def test_only_the_secret_holds_it_and_releases_that_keep_it_cost_one_write(
    runtime: KubernetesRuntime, options: KubernetesOptions, watcher: Watcher, eye: Api
) -> None:
    runtime.apply(release("bugfix", 1, variables=SECRET))
    watcher.ready("bugfix", 1)
    assert secrets(options, eye) == [CANARY]
    kinds = ("Namespace", "ConfigMap", "Deployment", "Service", "Pod")
    read = {kind: eye.get(f"{KINDS[kind].path()}?labelSelector={labels.OWNER}") for kind in kinds}
    assert CANARY not in json.dumps(read)
    writes = recorded(runtime)
    runtime.apply(release("bugfix", 2, variables=SECRET))
    watcher.ready("bugfix", 2)
    assert [request.method for request in writes] == ["PATCH"]
    writes.clear()
    runtime.close()
    with opened(options) as again:
        writes, observer = recorded(again), Watcher(again)
        again.apply(release("bugfix", 2, variables=SECRET))
        observer.ready("bugfix", 2)
        assert writes == []


def test_a_secret_lives_as_long_as_a_release_reads_it(
    runtime: KubernetesRuntime, options: KubernetesOptions, watcher: Watcher, eye: Api
) -> None:
    runtime.apply(release("bugfix", 1, variables=SECRET))
    watcher.ready("bugfix", 1)
    runtime.apply(release("bugfix", 2, NEVER, variables=(("DB_PASSWORD", "other"),)))
    assert secrets(options, eye) == [CANARY, "other"]
    runtime.apply(release("bugfix", 3, variables=(("DB_PASSWORD", "third"),)))
    watcher.ready("bugfix", 3)
    eventually(lambda: secrets(options, eye) == ["third"], "the others are deleted")
    runtime.apply(release("bugfix", 4, NEVER, variables=SECRET))
    assert secrets(options, eye) == [CANARY, "third"]
    runtime.remove("bugfix", "app")
    assert secrets(options, eye) == []


def test_a_secret_that_a_pod_misses_is_made_again(
    runtime: KubernetesRuntime, options: KubernetesOptions, watcher: Watcher, kubectl: Kubectl, eye: Api
) -> None:
    """The kubelet that only pretends starts pods without their Secrets, so its complaint is written for it."""
    runtime.apply(release("bugfix", 1, variables=SECRET))
    watcher.ready("bugfix", 1)
    namespace = options.namespace_of("bugfix")
    (secret,) = (thing["metadata"]["name"] for thing in seeing.listed(eye, "Secret", namespace, labels.SERVICE))
    kubectl("-n", namespace, "delete", "secret", secret)
    (pod,) = seeing.listed(eye, "Pod", namespace)
    message = f'secret "{secret}" not found'
    waiting = {"state": {"waiting": {"reason": "CreateContainerConfigError", "message": message}}, "ready": False}
    said = {"status": {"containerStatuses": [pod["status"]["containerStatuses"][0] | waiting]}}
    kubectl("-n", namespace, "patch", "pod", pod["metadata"]["name"], "--subresource=status", "-p", json.dumps(said))
    eventually(lambda: secrets(options, eye) == [CANARY], "the Secret is there again")
