"""What of a workload cannot run in a cluster: said in one line, never ignored.

In: a workload, or a release of it. Out: a line, or nothing.
"""

import re
from collections.abc import Iterable
from itertools import chain

from orchestrator.domain.release import Release
from orchestrator.domain.text import printable
from orchestrator.domain.workload import Container, Port, Probe, Workload
from orchestrator.runtimes.kubernetes.options import KubernetesOptions
from orchestrator.runtimes.kubernetes.pod import port_variable

_HERE = "in a cluster"
_OWN_HOSTS = ("", "localhost", "127.0.0.1")
_LONGEST_AMOUNT = 16
_VARIABLE = re.compile("[ -<>-~]+")


def refuse(workload: Workload) -> str:
    """Say in one line why this workload cannot run in a cluster, or return the empty text."""
    problem = _name(workload) or _ports(workload.ports) or _first(map(_container, workload.containers))
    return printable(f"{workload.file}: {problem}") if problem else ""


def refuse_release(release: Release, options: KubernetesOptions) -> str:
    """Say why a release cannot run, the image that its repository lacks included."""
    problem = refuse(release.workload) or _first(_variables(c.variables) for c in release.resolved)
    nameless = [c.name for c in release.workload.containers if c.image == "."]
    if not problem and nameless and not options.image(release.repository, release.commit):
        where = f"{release.workload.file}: container {nameless[0]} has the image of the commit"
        return f"{where}; say which in the settings: repositories {release.repository} image: registry/name:{{commit}}"
    return problem


def _first(problems: Iterable[str]) -> str:
    return next((problem for problem in problems if problem), "")


def _name(workload: Workload) -> str:
    if workload.name[:1].isdigit():
        return f"the name {workload.name} begins with a digit; {_HERE} it must begin with a letter: rename it"
    return ""


def _ports(ports: Iterable[Port]) -> str:
    taken: dict[tuple[object, ...], str] = {}
    for port in ports:
        for name, what in (((port.port, port.protocol), "number"), ((port_variable(port.name),), "variable")):
            other = taken.setdefault(name, port.name)
            if other != port.name:
                return f"ports {other} and {port.name} would share the {what} {name[0]}; change one"
    return ""


def _container(container: Container) -> str:
    if container.volumes:
        target = container.volumes[0].target
        return f"volume {target} cannot be mounted {_HERE}: no resource type provides one; remove it"
    if container.before:
        return f"`before` of container {container.name} is not supported {_HERE}; let the other container wait"
    if any("\0" in word for word in chain(container.command, container.args)):
        return "the command holds a NUL character; remove it"
    for name, amount in chain(container.limits, container.requests):
        if len(amount) > _LONGEST_AMOUNT:
            return f"{name} of container {container.name} is more than any machine has; write less"
    names = ((variable.name, "") for variable in container.variables)
    return _variables(names) or _files(container) or _probes(container)


def _variables(variables: Iterable[tuple[str, str]]) -> str:
    for name, value in variables:
        if not _VARIABLE.fullmatch(name):
            return f"variable {name!r} is no name of an environment variable; rename it"
        if "\0" in value:
            return f"variable {name} holds a NUL character; remove it"
    return ""


def _files(container: Container) -> str:
    for file in container.files:
        if not file.target.startswith("/") or "\0" in file.target or ":" in file.target:
            return f"file {file.target} of container {container.name}: {_HERE} write an absolute path without `:`"
        if file.source is not None and not file.no_expand:
            return f"placeholders in {file.source} are not filled in {_HERE}; add noExpand: true, or use `content`"
    return ""


def _probes(container: Container) -> str:
    both = (("readinessProbe", container.readiness), ("livenessProbe", container.liveness))
    return _first(f"{name} of container {container.name} {_probe(p)}" for name, p in both if p and _probe(p))


def _probe(probe: Probe) -> str:
    if probe.http_get and probe.command:
        return f"has httpGet and exec; {_HERE} write one of them"
    if probe.http_get and probe.http_get.host not in _OWN_HOSTS:
        return f"asks {probe.http_get.host}, which is not this service; leave host out"
    return ""
