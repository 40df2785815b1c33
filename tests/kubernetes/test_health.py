"""How a Deployment and its pods are judged."""

from typing import Any

import pytest

from orchestrator.domain.status import Health
from orchestrator.runtimes.kubernetes.health import judge, judge_older
from orchestrator.runtimes.kubernetes.kinds import Object

DONE = (
    {"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable"},
    {"type": "Available", "status": "True"},
)


def deployment(*conditions: Object, **status: int) -> Object:
    counts = {"observedGeneration": 2, "replicas": 1, "updatedReplicas": 1, "readyReplicas": 1, "availableReplicas": 1}
    return {
        "metadata": {"generation": 2},
        "spec": {"progressDeadlineSeconds": 60},
        "status": {**counts, **status, "conditions": list(conditions)},
    }


def pod(*, ready: bool = False, waiting: str = "", message: str = "", **terminated: Any) -> Object:
    state = {"waiting": {"reason": waiting, "message": message}} if waiting else {"running": {}}
    container = {"name": "main", "image": "x:1", "state": state, "lastState": {"terminated": terminated}}
    condition = {"type": "Ready", "status": "True" if ready else "False"}
    return {"metadata": {}, "status": {"conditions": [condition], "containerStatuses": [container]}}


def test_a_roll_out_that_somebody_paused_says_how_it_goes_on() -> None:
    paused = deployment(*DONE, updatedReplicas=0)
    paused["spec"]["paused"] = True
    health, reason = judge(paused, [], was_ready=False)
    assert (health, "kubectl rollout resume" in reason) == (Health.PROGRESSING, True)


def test_a_deployment_that_has_all_it_wants_is_ready() -> None:
    assert judge(deployment(*DONE), [pod(ready=True)], was_ready=False) == (Health.READY, "")


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ({"observedGeneration": 1}, "is being rolled out"),
        ({"updatedReplicas": 0}, "0 of 1 pods are made"),
        ({"replicas": 2}, "waiting for pods of the release before to end"),
        ({"readyReplicas": 0, "availableReplicas": 0}, "0 of 1 pods are ready"),
    ],
)
def test_a_deployment_that_lacks_something_says_what(status: dict[str, int], reason: str) -> None:
    assert judge(deployment(*DONE, **status), [], was_ready=False) == (Health.PROGRESSING, reason)


@pytest.mark.parametrize(
    ("seen", "reason"),
    [
        (pod(waiting="ImagePullBackOff"), "image x:1 cannot be pulled (ImagePullBackOff)"),
        (pod(waiting="InvalidImageName"), "image x:1 is no name of an image (InvalidImageName)"),
        (pod(waiting="CrashLoopBackOff", exitCode=3), "exited with status 3 before it was ready"),
        (pod(waiting="CrashLoopBackOff", reason="OOMKilled"), "was killed: it used more memory than its limit"),
        (
            pod(waiting="CreateContainerConfigError", message="container has runAsNonRoot and image will run as root"),
            "container main cannot start: container has runAsNonRoot and image will run as root",
        ),
    ],
)
def test_a_pod_that_cannot_run_fails_its_release_at_once(seen: Object, reason: str) -> None:
    assert judge(deployment(readyReplicas=0), [seen], was_ready=False) == (Health.DEGRADED, reason)


def test_a_release_that_crashes_after_it_was_ready_says_so() -> None:
    crashed = pod(waiting="CrashLoopBackOff", exitCode=3)
    assert judge(deployment(readyReplicas=0), [crashed], was_ready=True)[1] == "exited with status 3"


def test_refused_pods_and_a_passed_deadline_fail_the_release() -> None:
    refused = {"type": "ReplicaFailure", "status": "True", "message": 'pods "app-x" is forbidden: failed quota: pods'}
    late = {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}
    assert judge(deployment(refused), [], was_ready=False) == (
        Health.DEGRADED,
        'its pods are refused: pods "app-x" is forbidden: failed quota: pods',
    )
    assert judge(deployment(late), [], was_ready=False) == (Health.DEGRADED, "not ready within 60 s")


def test_a_pod_that_no_node_takes_is_waited_for_with_the_schedulers_words() -> None:
    unscheduled = pod()
    words = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/3 nodes: no memory"}
    unscheduled["status"]["conditions"].append(words)
    seen = judge(deployment(readyReplicas=0, availableReplicas=0), [unscheduled], was_ready=False)
    assert seen == (Health.PROGRESSING, "no node takes its pod: 0/3 nodes: no memory")


def test_an_older_release_is_judged_by_its_pods_alone() -> None:
    assert judge_older([pod(), pod(ready=True)]) == (Health.READY, "")
    assert judge_older([pod()]) == (Health.PROGRESSING, "none of its pods is ready")
    assert judge_older([pod(waiting="CrashLoopBackOff", exitCode=1)])[0] is Health.DEGRADED
