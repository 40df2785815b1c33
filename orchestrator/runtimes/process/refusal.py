"""What of a workload the process runtime cannot do: said in one line, never ignored.

In: a workload, or the variables of a release. Out: a line, or nothing. `image` is not used here, and neither are CPU
and memory quantities: a process is given what the machine has.
"""

from collections.abc import Iterable
from pathlib import PurePosixPath

from orchestrator.domain.text import printable
from orchestrator.domain.workload import Container, HttpGet, Probe, Workload
from orchestrator.runtimes.process.launch import OWN_DIRECTORY, port_variable

_HERE = "on local processes"
_OWN_HOSTS = ("", "localhost", "127.0.0.1")


def refuse(workload: Workload) -> str:
    """Say in one line why this workload cannot run as a process, or return the empty text."""
    problem = _shape(workload) or _ports(workload)
    if not problem:
        container = workload.containers[0]
        names = (variable.name for variable in container.variables)
        problem = variable_problem(workload, names) or _files(container) or _probes(workload, container)
    return printable(f"{workload.file}: {problem}") if problem else ""


def variable_problem(workload: Workload, names: Iterable[str]) -> str:
    """Say which variable cannot be set: `PORT` and `PORT_<NAME>` are given by the runtime."""
    ours = {"PORT", OWN_DIRECTORY, *(port_variable(port.name) for port in workload.ports)}
    for name in names:
        if name in ours:
            return f"variable {name} is set by the runtime {_HERE}; read it instead of setting it"
        if not name or "=" in name or "\0" in name:
            return f"variable {name!r} is no name of an environment variable; rename it"
    return ""


def _shape(workload: Workload) -> str:
    if len(workload.containers) != 1:
        names = ", ".join(container.name for container in workload.containers)
        return f"one container runs {_HERE}, not {len(workload.containers)} ({names})"
    container = workload.containers[0]
    if not container.command:
        return f"container {container.name} has no command, and {_HERE} no image supplies one; add `command`"
    if container.volumes:
        return f"volume {container.volumes[0].target} cannot be mounted {_HERE}; write to HOME"
    if container.before:
        return f"`before` has no meaning {_HERE}, where one container runs; remove it"
    if any("\0" in word for word in container.command + container.args):
        return "the command holds a NUL character; remove it"
    return ""


def _ports(workload: Workload) -> str:
    taken: dict[str, str] = {}
    for port in workload.ports:
        if port.protocol != "TCP":
            return f"port {port.name} is {port.protocol}; only TCP is forwarded {_HERE}"
        other = taken.setdefault(port_variable(port.name), port.name)
        if other != port.name:
            return f"ports {other} and {port.name} would share the variable {port_variable(port.name)}; rename one"
    return ""


def _files(container: Container) -> str:
    for file in container.files:
        for path, what in ((file.target, "file"), (file.source or ".", "source")):
            if PurePosixPath(path).is_absolute():
                return (
                    f"{what} {path} is absolute; {_HERE} it must lie below the release's directory: write it relative"
                )
            if ".." in PurePosixPath(path).parts or "\0" in path:
                return f"{what} {path} leads out of the release's directory; write it without `..`"
        if file.source is not None and not file.no_expand:
            return f"placeholders in {file.source} are not filled in {_HERE}; add noExpand: true, or use `content`"
    return ""


def _probes(workload: Workload, container: Container) -> str:
    for name, probe in (("readinessProbe", container.readiness), ("livenessProbe", container.liveness)):
        problem = _probe(workload, probe) if probe else ""
        if problem:
            return f"{name}: {problem}"
    return ""


def _probe(workload: Workload, probe: Probe) -> str:
    get = probe.http_get
    if get is None:
        return ""
    if get.scheme != "HTTP":
        return f"scheme {get.scheme} cannot be probed {_HERE}; use HTTP or exec"
    if get.host not in _OWN_HOSTS:
        return f"host {get.host} is not this service; leave it out"
    if all(get.port not in (port.target_port, port.port) for port in workload.ports):
        return f"port {get.port} is none of the service's ports; declare it under service.ports"
    return "" if _is_plain(get) else "path or header holds spaces or control characters; remove them"


def _is_plain(get: HttpGet) -> bool:
    texts = [get.path, *(name for name, _ in get.headers), *(value.replace(" ", "") for _, value in get.headers)]
    return all(0x20 < ord(character) < 0x7F for text in texts for character in text)
