"""What is observed of the releases of one service, and when a new one begins to serve.

In: the wish, and what is live. Out: an Observation of each release.
"""

from orchestrator.domain.status import Health, Observation
from orchestrator.runtimes.kubernetes import labels
from orchestrator.runtimes.kubernetes.health import hopeless, is_current, is_ready, judge, judge_older
from orchestrator.runtimes.kubernetes.kinds import DEPLOYMENT, Object
from orchestrator.runtimes.kubernetes.live import Live
from orchestrator.runtimes.kubernetes.options import KubernetesOptions
from orchestrator.runtimes.kubernetes.wish import Rendered, Wish


def observe(wish: Wish, rendered: Rendered, live: Live, options: KubernetesOptions) -> Observation:
    """Judge one release: a new one by its Deployment, one that serves by its pods as long as they take requests."""
    release = rendered.release
    pods = live.pods(release.environment, release.service, release.number)
    namespace = options.namespace_of(release.environment)
    deployment = live.get((DEPLOYMENT.name, namespace, release.service))
    serves = rendered is wish.releases.serving
    health, reason = judge_older(pods)
    if not (serves and health is Health.READY):
        if deployment is None:
            health, reason = Health.PROGRESSING, "is being made"
        elif labels.label(deployment, labels.RELEASE) == str(release.number):
            health, reason = judge(deployment, pods, was_ready=serves)
            if health is Health.READY and not runs_already(rendered, live):
                health, reason = Health.PROGRESSING, "waiting for word of its pods"
    return Observation(
        release.environment,
        release.service,
        release.number,
        health,
        reason,
        tries=1 + max(map(_restarts, pods), default=0),
        address=_address(rendered, pods),
    )


def is_observed(rendered: Rendered, live: Live, options: KubernetesOptions) -> bool:
    """Tell whether the controllers have seen what is asked for now; they will write to the Deployment otherwise."""
    release = rendered.release
    deployment = live.get((DEPLOYMENT.name, options.namespace_of(release.environment), release.service))
    return deployment is None or is_current(deployment)


def runs_already(rendered: Rendered, live: Live) -> bool:
    """Tell whether a release has a pod that takes requests, as one has that an earlier daemon left."""
    release = rendered.release
    return any(is_ready(pod) for pod in live.pods(release.environment, release.service, release.number))


def failing_pod(observation: Observation, live: Live) -> Object | None:
    """Find the pod that an observation of failure speaks of."""
    pods = live.pods(observation.environment, observation.service, observation.release)
    return next((pod for pod in pods if hopeless(pod)), None)


def _restarts(pod: Object) -> int:
    statuses = pod.get("status", {}).get("containerStatuses", [])
    return max((int(status.get("restartCount", 0)) for status in statuses), default=0)


def _address(rendered: Rendered, pods: tuple[Object, ...]) -> str:
    ports = rendered.release.workload.ports
    ready = [pod["status"].get("podIP", "") for pod in pods if is_ready(pod)]
    return f"{ready[-1]}:{ports[0].target_port}" if ready and ready[-1] and ports else ""
