"""Releases as a cluster runs them; a word in an image's name tells the fake kubelet how its pods behave.

On a real cluster, which can pull none of these images, `for_real` puts containers in their place that do behave so.
"""

from dataclasses import replace
from pathlib import Path

from orchestrator.domain.release import Release, ResolvedContainer, ResolvedFile
from orchestrator.domain.workload import Container, Port, Probe
from orchestrator.runtimes.kubernetes import KubernetesOptions
from tests.process import running

GOOD = "registry.example/app:1"
CRASH = "registry.example/crash-loop-back-off:1"
NEVER = "registry.example/never-ready:1"
HTTP = Port("http", 80, 8080)

_real: dict[str, Container] = {}


def for_real(image: str) -> None:
    """Run an image that can be pulled instead."""
    good = Container("main", image)
    _real[GOOD] = good
    _real[CRASH] = replace(good, command=("sh", "-c", "echo it broke; exit 1"))
    _real[NEVER] = replace(good, readiness=Probe(command=("false",)))


def container_of(image: str) -> Container:
    """Make a container that behaves as its image's name says."""
    return _real.get(image) or Container("main", image)


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
    container = container or container_of(image)
    workload = replace(made.workload, containers=(container,))
    resolved = (ResolvedContainer(container.name, tuple(sorted(variables)), files),)
    return replace(made, workload=workload, resolved=resolved)
