"""The control plane of the tests: real controllers roll out, and the kubelet that only pretends fails as told."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.cluster.control_plane import ControlPlane
from tests.cluster.kubectl import Kubectl
from tests.eventually import eventually

WAIT = ("wait", "--timeout=60s")


def container(image: str) -> dict[str, Any]:
    return {"name": "main", "image": f"example.test/{image}:1"}


def pod(name: str, image: str) -> dict[str, Any]:
    spec = {"containers": [container(image)], "terminationGracePeriodSeconds": 30}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec}


def deployment(name: str, image: str, replicas: int) -> dict[str, Any]:
    labels = {"app": name}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container(image)]}}
    spec = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": spec}


def service(name: str) -> dict[str, Any]:
    spec = {"selector": {"app": name}, "ports": [{"port": 80}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec}


def ready_ends(kubectl: Kubectl, namespace: str, service: str) -> set[str]:
    """Give the addresses to which a service leads; none while its slices are not written yet."""
    slices = kubectl.json("-n", namespace, "get", "endpointslices", "-l", f"kubernetes.io/service-name={service}")
    ends = [end for each in slices["items"] for end in each["endpoints"] or ()]
    return {address for end in ends if end["conditions"]["ready"] for address in end["addresses"]}


def test_a_deployment_becomes_available_and_its_service_leads_to_its_pods(plane: ControlPlane, namespace: str) -> None:
    kubectl = plane.kubectl
    kubectl.apply(namespace, deployment("app", "app", replicas=2), service("app"))
    kubectl(*WAIT, "-n", namespace, "deployment/app", "--for=condition=Available")
    kubectl(*WAIT, "-n", namespace, "deployment/app", "--for=jsonpath={.status.availableReplicas}=2")
    pods = kubectl.json("-n", namespace, "get", "pods")["items"]
    addresses = {pod["status"]["podIP"] for pod in pods}
    eventually(lambda: ready_ends(kubectl, namespace, "app") == addresses, "every pod behind its service")


@pytest.mark.parametrize(
    ("image", "reason"),
    [("image-pull-back-off", "ImagePullBackOff"), ("crash-loop-back-off", "CrashLoopBackOff")],
)
def test_an_image_names_how_its_container_fails(plane: ControlPlane, namespace: str, image: str, reason: str) -> None:
    waits = f"--for=jsonpath={{.status.containerStatuses[0].state.waiting.reason}}={reason}"
    plane.kubectl.apply(namespace, pod("failing", image))
    plane.kubectl(*WAIT, "-n", namespace, "pod/failing", waits)
    plane.kubectl(*WAIT, "-n", namespace, "pod/failing", "--for=condition=Ready=False")


def test_a_container_that_crashed_left_lines_of_its_last_life(plane: ControlPlane, namespace: str) -> None:
    plane.kubectl.apply(namespace, pod("failing", "crash-loop-back-off"))
    plane.kubectl(*WAIT, "-n", namespace, "pod/failing", "--for=jsonpath={.status.containerStatuses[0].restartCount}=1")
    assert plane.kubectl("-n", namespace, "logs", "failing", "--previous", "--tail=1") == "main of failing fails\n"


def test_a_pod_that_is_never_ready_runs_beside_one_that_is(plane: ControlPlane, namespace: str) -> None:
    plane.kubectl.apply(namespace, pod("slow", "never-ready"), pod("quick", "app"))
    plane.kubectl(*WAIT, "-n", namespace, "pod/quick", "--for=condition=Ready")
    plane.kubectl(*WAIT, "-n", namespace, "pod/slow", "--for=jsonpath={.status.phase}=Running")
    plane.kubectl(*WAIT, "-n", namespace, "pod/slow", "--for=condition=Ready=False")


def test_a_pod_is_ready_when_its_image_says(plane: ControlPlane, namespace: str) -> None:
    plane.kubectl.apply(namespace, pod("later", "ready-after-2"))
    plane.kubectl(*WAIT, "-n", namespace, "pod/later", "--for=condition=Ready")
    later = plane.kubectl.json("-n", namespace, "get", "pod", "later")
    (ready,) = (each for each in later["status"]["conditions"] if each["type"] == "Ready")
    made, became = later["metadata"]["creationTimestamp"], ready["lastTransitionTime"]
    assert datetime.fromisoformat(became) - datetime.fromisoformat(made) >= timedelta(seconds=2)


def test_logs_of_a_container_are_those_of_its_name(plane: ControlPlane, namespace: str) -> None:
    plane.kubectl.apply(namespace, pod("talking", "app"))
    plane.kubectl(*WAIT, "-n", namespace, "pod/talking", "--for=condition=Ready")
    assert plane.kubectl("-n", namespace, "logs", "talking").splitlines() == [
        "main of talking starts",
        "main of talking listens",
    ]
    assert plane.kubectl("-n", namespace, "logs", "talking", "--tail=1") == "main of talking listens\n"


def test_a_killed_apiserver_comes_back_and_so_do_controllers_and_kubelet(plane: ControlPlane, namespace: str) -> None:
    with plane.outage():
        assert not plane.kubectl.succeeds("get", "--raw=/readyz")
    plane.kubectl.apply(namespace, deployment("app", "app", replicas=1))
    plane.kubectl(*WAIT, "-n", namespace, "deployment/app", "--for=condition=Available")
