"""Releases as a cluster runs them; a word in an image's name tells the fake kubelet how its pods behave."""

from dataclasses import replace
from pathlib import Path

from orchestrator.domain.release import Release, ResolvedContainer, ResolvedFile
from orchestrator.domain.workload import Container, Port
from orchestrator.runtimes.kubernetes import KubernetesOptions
from tests.process import running

GOOD = "registry.example/app:1"
CRASH = "registry.example/crash-loop-back-off:1"
NEVER = "registry.example/never-ready:1"
HTTP = Port("http", 80, 8080)


def options(**given: object) -> KubernetesOptions:
    """Options with few parts."""
    return replace(KubernetesOptions(Path("/nowhere"), images={"app": "registry.example/app:{commit}"}), **given)  # type: ignore[arg-type]


def release(
    environment: str,
    number: int,
    image: str = GOOD,
    *,
    service: str = "app",
    ports: tuple[Port, ...] = (HTTP,),
    container: Container | None = None,
    variables: tuple[tuple[str, str], ...] = (),
    files: tuple[ResolvedFile, ...] = (),
) -> Release:
    """Make a release of one container."""
    made = running.make_release(environment, number, service=service, ports=ports)
    container = container or Container("main", image)
    workload = replace(made.workload, containers=(container,))
    resolved = (ResolvedContainer(container.name, tuple(sorted(variables)), files),)
    return replace(made, workload=workload, resolved=resolved)
