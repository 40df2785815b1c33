"""How well a release is, judged from what the cluster shows: the rules of kstatus for a Deployment, and its pods.

In: a Deployment and the pods of one release. Out: a health with its reason, in words. What will not become better by
waiting is told at once, long before the Deployment's own deadline.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from orchestrator.domain.status import Health
from orchestrator.domain.text import printable
from orchestrator.runtimes.kubernetes.kinds import Object

Verdict = tuple[Health, str]

_HOPELESS = {
    "ErrImagePull": "cannot be pulled",
    "ImagePullBackOff": "cannot be pulled",
    "InvalidImageName": "is no name of an image",
    "ErrImageNeverPull": "is not on the node",
}
_MISMADE = {"CreateContainerConfigError", "CreateContainerError", "RunContainerError"}


def judge(deployment: Object, pods: Sequence[Object], *, was_ready: bool) -> Verdict:
    """Judge the release that the Deployment is at; `pods` are those of this release."""
    crashed = next((text for pod in pods if (text := hopeless(pod))), "")
    if crashed.startswith("exited") and not was_ready:
        crashed += " before it was ready"
    if failed := _refused(deployment) or crashed:
        return (Health.DEGRADED, printable(failed))
    waiting = _unfinished(deployment)
    if not waiting:
        return (Health.READY, "")
    return (Health.PROGRESSING, next((text for pod in pods if (text := _unscheduled(pod))), waiting))


def judge_older(pods: Sequence[Object]) -> Verdict:
    """Judge a release that a newer one is about to replace, by its pods alone."""
    if any(is_ready(pod) for pod in pods):
        return (Health.READY, "")
    failed = next((text for pod in pods if (text := hopeless(pod))), "")
    return (Health.DEGRADED, printable(failed)) if failed else (Health.PROGRESSING, "none of its pods is ready")


def is_current(deployment: Object) -> bool:
    """Tell whether its controller has seen it as it is asked for now; what it says is of an earlier one until then."""
    return bool(deployment.get("status", {}).get("observedGeneration") == deployment["metadata"].get("generation"))


def is_ready(pod: Object) -> bool:
    """Tell whether a pod takes requests."""
    return "deletionTimestamp" not in pod["metadata"] and _condition(pod, "Ready").get("status") == "True"


def hopeless(pod: Object) -> str:
    """Say in words why a pod will not run as it is, or return the empty text."""
    return next((text for status in _containers(pod) if (text := _stuck(status))), "")


def _stuck(status: Object) -> str:
    waiting, image = status.get("state", {}).get("waiting", {}), status.get("image", "")
    reason = waiting.get("reason", "")
    if reason in _HOPELESS:
        return f"image {image} {_HOPELESS[reason]} ({reason})"
    if reason in _MISMADE:
        return f"container {status['name']} cannot start: {waiting.get('message') or reason}"
    if reason == "CrashLoopBackOff":
        return _ended(status.get("lastState", {}).get("terminated", {}))
    return ""


def _ended(terminated: Mapping[str, Any]) -> str:
    if terminated.get("reason") == "OOMKilled":
        return "was killed: it used more memory than its limit"
    code = terminated.get("exitCode")
    return "keeps crashing" if code is None else f"exited with status {code}"


def _refused(deployment: Object) -> str:
    failure = _condition(deployment, "ReplicaFailure")
    if failure.get("status") == "True":
        return f"its pods are refused: {failure.get('message') or failure.get('reason')}"
    progress = _condition(deployment, "Progressing")
    if progress.get("reason") == "ProgressDeadlineExceeded":
        return f"not ready within {deployment['spec'].get('progressDeadlineSeconds', 600)} s"
    return ""


def _unfinished(deployment: Object) -> str:
    """Say what a roll-out still waits for; the order of the questions is kstatus's."""
    spec, status = deployment.get("spec", {}), deployment.get("status", {})
    if spec.get("paused"):
        return "somebody paused its roll-out; go on: kubectl rollout resume"
    if not is_current(deployment):
        return "is being rolled out"
    wanted, there = spec.get("replicas", 1), status.get("replicas", 0)
    updated, ready = status.get("updatedReplicas", 0), status.get("readyReplicas", 0)
    if updated < wanted:
        return f"{updated} of {wanted} pods are made"
    if there > updated:
        return "waiting for pods of the release before to end"
    if status.get("availableReplicas", 0) < updated or ready < wanted:
        return f"{ready} of {wanted} pods are ready"
    settled = _condition(deployment, "Progressing").get("reason") == "NewReplicaSetAvailable"
    available = _condition(deployment, "Available").get("status") == "True"
    return "" if settled and available else "waiting until it is available"


def _unscheduled(pod: Object) -> str:
    scheduled = _condition(pod, "PodScheduled")
    if scheduled.get("status") == "False" and scheduled.get("reason") == "Unschedulable":
        return printable(f"no node takes its pod: {scheduled.get('message', '')}")
    return ""


def _containers(pod: Object) -> list[Object]:
    status = pod.get("status", {})
    return [*status.get("initContainerStatuses", []), *status.get("containerStatuses", [])]


def _condition(thing: Object, kind: str) -> Object:
    conditions = thing.get("status", {}).get("conditions", [])
    return next((condition for condition in conditions if condition["type"] == kind), {})
