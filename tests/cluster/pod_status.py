"""What the fake kubelet says of a pod: pods start at once, unless a word in an image's name makes them fail.

In: a pod as the apiserver has it. Out: the status to write. No container runs.

| in the image's name    | what is shown                                                     |
|------------------------|-------------------------------------------------------------------|
| `image-pull-back-off`  | waiting, ImagePullBackOff                                         |
| `crash-loop-back-off`  | waiting, CrashLoopBackOff; its last life ended with status 1      |
| `never-ready`          | running, never ready                                              |
| `ready-after-N`        | running, ready N seconds later                                    |
"""

import re
from datetime import UTC, datetime
from typing import Any

Json = dict[str, Any]
_CONDITIONS = ("PodScheduled", "PodReadyToStartContainers", "Initialized", "ContainersReady", "Ready")


def ready_after(pod: Json, usual: float) -> float | None:
    """Seconds until the pod is ready; None when it never will be."""
    images = " ".join(container["image"] for container in pod["spec"]["containers"])
    if re.search("image-pull-back-off|crash-loop-back-off|never-ready", images):
        return None
    told = re.search(r"ready-after-(\d+)", images)
    return float(told[1]) if told else usual


def status(pod: Json, address: str, *, ready: bool) -> Json:
    """Write the status of a pod that has started, and is ready or is not yet."""
    at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    containers = [_container(pod, container, at, ready=ready) for container in pod["spec"]["containers"]]
    runs = any("running" in container["state"] or "lastState" in container for container in containers)
    return {
        "phase": "Running" if runs else "Pending",
        "startTime": pod["status"].get("startTime", at),
        "podIP": address,
        "podIPs": [{"ip": address}],
        "hostIP": "127.0.0.1",
        "conditions": [_condition(name, at, true=ready or "Ready" not in name[-5:]) for name in _CONDITIONS],
        "containerStatuses": containers,
    }


def _condition(name: str, at: str, *, true: bool) -> Json:
    refused = {} if true else {"reason": "ContainersNotReady", "message": "containers are not ready"}
    return {"type": name, "status": "True" if true else "False", "lastTransitionTime": at, **refused}


def _container(pod: Json, container: Json, at: str, *, ready: bool) -> Json:
    name, image = container["name"], container["image"]
    told = {"name": name, "image": image, "imageID": "", "ready": False, "started": False, "restartCount": 0}
    if "image-pull-back-off" in image:
        message = f'Back-off pulling image "{image}": ErrImagePull: {image}: not found'
        return {**told, "state": {"waiting": {"reason": "ImagePullBackOff", "message": message}}}
    if "crash-loop-back-off" in image:
        message = f"back-off 10s restarting failed container={name} pod={pod['metadata']['name']}"
        last = {"exitCode": 1, "reason": "Error", "startedAt": at, "finishedAt": at}
        waiting = {"waiting": {"reason": "CrashLoopBackOff", "message": message}}
        return {**told, "restartCount": 1, "state": waiting, "lastState": {"terminated": last}}
    return {
        **told,
        "imageID": f"fake://{image}",
        "ready": ready,
        "started": True,
        "state": {"running": {"startedAt": at}},
    }
